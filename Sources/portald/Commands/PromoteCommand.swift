import ArgumentParser
import Foundation
import Logging
import MirrorStore
import Replica
import StripeClient
import Sync

/// The command `portald promote`.
struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Make a primary of a node that has followed one, from the last state that came.",
        discussion: """
            Stop portald-follow first. The next epoch is claimed in the replica, so that no other node becomes a primary too \
            and the former one, should it come back, writes nothing. Then all that happened since is asked of Stripe. After \
            that, set PORTALD_ROLE=primary, restart portald, start portald-replicate, and have webhooks sent here.

            Exit codes: 0 promoted, 1 not promoted or not up to now, 5 another node was faster, 78 wrong settings.

            Example: systemctl stop portald-follow && portald promote --config /etc/portald/portald.env
            """
    )

    @OptionGroup var options: SettingsOptions

    @Option(help: "The epoch to begin, where the next one is claimed by a node that never became a primary.")
    var epoch: Int?

    func run() async throws {
        let source = try await options.source()
        let settings = try options.settings(from: source)
        let replica = try SettingsOptions.orRefuse { () throws(SettingsError) in try ReplicaSettings(source) }
        let claim = try await promote(settings, replica)
        try await SyncSession(settings: settings).run { sync, _ in
            try await sync.synchronizer.synchronizeOnce()
            let isSettled = try await sync.refresher.settle()
            if !isSettled {
                Self.say("some objects still wait to be read, which the daemon does; see 'portald status'")
            }
        }
        Self.say(
            "\(settings.database) is the primary's of epoch \(claim.epoch), and has what Stripe had a moment ago; "
                + "set PORTALD_ROLE=primary and restart portald"
        )
    }

    /// Says it at once, also to a journal: what comes next may take long.
    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }

    private func promote(_ settings: Settings, _ replica: ReplicaSettings) async throws -> EpochClaim {
        do {
            let promotion = try MirrorPromotion(of: settings.database, livemode: settings.livemode)
            if let claim = promotion.begun {
                try promotion.begin(claim, at: SyncParts.now())
                return claim
            }
            if let epoch, epoch <= promotion.epoch {
                throw ValidationError("the mirror is of epoch \(promotion.epoch); give a later one")
            }
            let claim = try promotion.claim(
                host: ProcessInfo.processInfo.hostName,
                at: SyncParts.now(),
                epoch: epoch
            )
            do {
                try await EpochClaims(litestream: try replica.program(logger: .silent))
                    .claim(claim, after: promotion.epoch)
            } catch let refusal as EpochClaims.Refusal {
                try promotion.discardClaim()
                throw refusal
            }
            Self.say("epoch \(claim.epoch) is claimed")
            try promotion.begin(claim, at: SyncParts.now())
            return claim
        } catch EpochClaims.Refusal.taken(let holder) {
            let refusal = EpochClaims.Refusal.taken(holder)
            FileHandle.standardError.write(
                Data(
                    ("portald: \(refusal); start portald-follow to follow it. "
                        + "If it never became a primary: "
                        + "systemctl start portald-promote@\(holder.epoch + 1), "
                        + "or portald promote --epoch \(holder.epoch + 1)\n").utf8
                )
            )
            throw ExitCode.superseded
        } catch let error as MirrorError {
            throw CommandFailure(error)
        } catch let error as EpochClaims.Refusal {
            throw CommandFailure(error)
        } catch let error as LitestreamError {
            throw CommandFailure(error)
        }
    }
}
