import ArgumentParser
import Foundation
import Logging
import MirrorStore
import Replica
import ServiceLifecycle
import UnixSignals

/// What the commands that run Litestream have in common.
enum ReplicaCommand {
    /// Runs a body until it ends or the process is told to.
    ///
    /// - Throws: An exit code, with the reason in the log.
    static func run(_ settings: ReplicaSettings, _ body: @escaping @Sendable (Litestream, Logger) async throws -> Void)
        async throws
    {
        let logger = settings.logger
        do {
            let litestream = try settings.program(logger: logger)
            let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await body(litestream, logger) }
                group.addTask { for await _ in signals { return } }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch let error as Fence.Superseded {
            logger.critical("superseded", metadata: ["cause": "\(error)"])
            throw ExitCode.superseded
        } catch {
            logger.critical("cannot go on", metadata: ["cause": "\(error)"])
            throw ExitCode.failure
        }
        logger.notice("stopped")
    }
}
