import ArgumentParser
import Foundation
import Logging
import MirrorStore
import StripeClient
import Sync

/// The command `portald backfill`.
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Fill the mirror with all customers and subscriptions of the Stripe account.",
        discussion: """
            The daemon does this by itself at its first start, and after more than 30 days without it. Broken off, it goes \
            on where it was. The daemon may run meanwhile. Example: portald backfill --config /etc/portald/portald.env

            A damaged file is set aside with --rebuild and a new one filled in its place; the operator's links are \
            brought over. The daemon must be stopped for that, and the sockets with it. Example: systemctl stop portald.socket \
            portald-admin.socket portald.service; portald backfill --rebuild
            """
    )

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Set the present file aside and fill a new one; for a file that is damaged.")
    var rebuild = false

    func run() async throws {
        let settings = try options.settings(from: try await options.source())
        if rebuild { try beginAnew(settings.database) }
        try await SyncSession(settings: settings).run { sync, client in
            let progress = try await ProgressLine.ofBackfill(client)
            let pass = try await sync.backfill.run { await progress.report($0) }
            await progress.finish()
            let isSettled = try await sync.refresher.settle()
            print("\(pass.customers) customers and \(pass.subscriptions) subscriptions")
            if !isSettled {
                print("some objects still wait to be read, which the daemon does; see 'portald status'")
            }
        }
    }

    private func beginAnew(_ path: String) throws {
        do {
            let report = try MirrorRebuild.run(at: path, now: SyncParts.now())
            print("the former file is \(report.formerPath); \(report.decisions) of the operator's links were kept")
            if let reason = report.unreadable {
                print("some of the operator's links could not be read (\(reason)); see 'portald links'")
            }
            if !report.knowsEpoch {
                print("if the mirror is replicated, give another path in Litestream's configuration on all machines")
            }
        } catch {
            throw CommandFailure(error)
        }
    }
}
