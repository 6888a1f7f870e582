internal import Foundation
internal import Glibc
public import Logging
internal import MirrorStore
internal import NIOConcurrencyHelpers

/// Runs Litestream on a node: follows the newest epoch's mirror, and changes over to the next epoch's once it is there.
///
/// Litestream writes into a file in place, under SQLite's exclusive lock for as long as the replica takes to send a change. So
/// two of them follow, each into a file of its own: the mirror's name is a link to the one, which is held (``FollowedHold``)
/// while the other gets on, and moves to that as soon as it is whole and newer. No reader waits for the replica, and whenever
/// this ends, the file that the name leads to is whole.
///
/// Litestream 0.5.17 does not take up again a file that it followed into before, so each run restores its files anew; the
/// last one is read until then, and while the replica cannot be reached.
public struct Follower: Sendable {
    /// How often it is looked whether another primary has taken over, and whether Litestream gets on.
    private static let epochInterval: Duration = .seconds(15)
    /// How often it is looked whether the other file is newer.
    private static let turnInterval: Duration = .milliseconds(20)
    /// The pause after a run of Litestream that failed.
    private static let retryInterval: Duration = .seconds(5)

    private let litestream: Litestream
    private let claims: EpochClaims
    private let link: FollowedLink
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - litestream: The program.
    ///   - database: The mirror's name.
    ///   - clock: Counts the pauses.
    ///   - logger: Gets a line when there is a new file, and when Litestream fails.
    public init(
        litestream: Litestream,
        database: String,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.litestream = litestream
        claims = EpochClaims(litestream: litestream)
        link = FollowedLink(path: database)
        self.clock = clock
        self.logger = logger
    }

    /// Follows until the task is cancelled.
    ///
    /// - Throws: Where the mirror's name is that of a file, or its folder cannot be written to.
    public func run() async throws {
        try link.removeFiles(except: [try link.target()])
        // What is restored holds personal data.
        umask(0o077)
        var epoch = 0
        while !Task.isCancelled {
            epoch = await newestEpoch(from: epoch) ?? epoch
            if epoch > 0 {
                try await follow(epoch)
            } else {
                logger.info("no primary replicates yet")
            }
            do {
                try await clock.sleep(for: Self.retryInterval)
            } catch {
                return
            }
        }
    }

    /// Nil where it cannot be told.
    private func newestEpoch(from known: Int) async -> Int? {
        do throws(EpochClaims.Refusal) {
            return try await claims.newest(from: known)?.epoch
        } catch {
            if !Task.isCancelled {
                logger.warning("the replica cannot be asked who the primary is", metadata: ["cause": "\(error)"])
            }
            return nil
        }
    }

    /// Follows an epoch until Litestream fails or there is a newer one; the files stay as they are then.
    private func follow(_ epoch: Int) async throws {
        let files = try link.unusedFiles(at: Date.now.timeIntervalSince1970)
        // Outlives the Litestream that waits for it: that one would go on with the file.
        let hold = NIOLockedValueBox<FollowedHold?>(nil)
        defer { hold.withLockedValue { $0 = nil } }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for file in files {
                    group.addTask { try await litestream.follow(.mirror(epoch: epoch), into: file) }
                }
                group.addTask { try await takeTurns(files, epoch, hold) }
                group.addTask { await watch(files, epoch) }
                // Whichever ends first ends the others.
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch let error as LitestreamError {
            logger.warning("the mirror is not followed", metadata: ["epoch": "\(epoch)", "cause": "\(error)"])
        }
        try link.removeFiles(except: [try link.target()])
    }

    /// Has the mirror's name lead to whichever file is newer, once it is whole.
    private func takeTurns(_ files: [String], _ epoch: Int, _ hold: NIOLockedValueBox<FollowedHold?>) async throws {
        var shown: String?
        while true {
            let position = shown.flatMap(position(of:)) ?? ""
            for file in files where file != shown {
                // Litestream names a position when the file is restored, and after each change.
                guard let other = self.position(of: file), other > position else { continue }
                guard let next = try FollowedHold(of: file) else { continue }
                try link.lead(to: file)
                hold.withLockedValue { $0 = next }
                if shown == nil {
                    try link.removeFiles(except: files)
                    logger.notice("following", metadata: ["epoch": "\(epoch)"])
                }
                shown = file
                break
            }
            try await clock.sleep(for: Self.turnInterval)
        }
    }

    /// Returns when there is a newer epoch, or Litestream does not get on.
    private func watch(_ files: [String], _ epoch: Int) async {
        var stall = Stall()
        while true {
            do {
                try await clock.sleep(for: Self.epochInterval)
            } catch {
                return
            }
            if let newest = await newestEpoch(from: epoch), newest > epoch {
                logger.notice("another primary has taken over", metadata: ["epoch": "\(newest)"])
                return
            }
            if stall.look(at: files.compactMap(position(of:)).max(), against: await position(of: epoch)) {
                logger.warning(
                    "Litestream does not follow any more; it is started again",
                    metadata: ["epoch": "\(epoch)"]
                )
                return
            }
        }
    }

    /// What Litestream has brought a file to, as a hexadecimal number; all are of one length.
    private func position(of file: String) -> String? {
        // It is not there before the file is restored, and that may take its time.
        (try? String(contentsOfFile: file + "-txid", encoding: .utf8))?.filter { !$0.isWhitespace }
    }

    /// Nil where the replica cannot be asked: then Litestream cannot follow either.
    private func position(of epoch: Int) async -> String? {
        do {
            return try await litestream.position(of: .mirror(epoch: epoch))
        } catch {
            return nil
        }
    }
}
