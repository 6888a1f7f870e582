internal import Foundation
internal import Glibc
public import Logging
internal import MirrorStore

/// Runs Litestream on a node: follows the newest epoch's mirror, and changes over to the next epoch's once it is there.
///
/// Litestream 0.5.17 does not take up again a file that it followed into before, and writes into the file in place. So each
/// run restores a file of its own; the mirror's name is a link that is moved to it once it is whole, and the former file is
/// read until then. While the replica cannot be reached, the last one stays.
public struct Follower: Sendable {
    /// How often it is looked whether another primary has taken over, and whether Litestream gets on.
    private static let epochInterval: Duration = .seconds(15)
    /// How often it is looked whether a file is restored.
    private static let restoreInterval: Duration = .milliseconds(100)
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
        try link.removeFiles(except: try link.target())
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

    /// Follows an epoch until Litestream fails or there is a newer one; the file stays as it is then.
    private func follow(_ epoch: Int) async throws {
        let file = try link.unusedFile()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await litestream.follow(.mirror(epoch: epoch), into: file) }
                group.addTask { try await takeOver(file, epoch) }
                group.addTask { await watch(file, epoch) }
                // Whichever ends first ends the others.
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch let error as LitestreamError {
            logger.warning("the mirror is not followed", metadata: ["epoch": "\(epoch)", "cause": "\(error)"])
        }
        try link.removeFiles(except: try link.target())
    }

    /// Has the mirror's name lead to a file once it is restored.
    private func takeOver(_ file: String, _ epoch: Int) async throws {
        // Litestream writes it when the file is whole.
        while !FileManager.default.fileExists(atPath: file + "-txid") {
            try await clock.sleep(for: Self.restoreInterval)
        }
        try link.lead(to: file)
        try link.removeFiles(except: file)
        logger.notice("following", metadata: ["epoch": "\(epoch)", "file": "\(file)"])
        while true { try await clock.sleep(for: Self.epochInterval) }
    }

    /// Returns when there is a newer epoch, or Litestream does not get on.
    private func watch(_ file: String, _ epoch: Int) async {
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
            if stall.look(at: position(of: file), against: await position(of: epoch)) {
                logger.warning(
                    "Litestream does not follow any more; it is started again",
                    metadata: ["epoch": "\(epoch)"]
                )
                return
            }
        }
    }

    /// What Litestream has brought the file to.
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
