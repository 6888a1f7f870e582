import ArgumentParser
import Logging
import MirrorStore
import StripeClient
import Sync

/// Lets a command do a part of the daemon's synchronisation, beside the daemon or without it.
struct SyncSession {
    let settings: Settings
    /// The mirror where it is open already; it is closed in the end.
    var store: MirrorStore?

    /// Opens the mirror and runs a body with its writer beside it.
    ///
    /// - Throws: What the body throws, as a failure of the command where it is an error of the synchronisation.
    func run<Value: Sendable>(_ body: (SyncParts, StripeClient) async throws -> Value) async throws -> Value {
        do {
            let store = try store ?? MirrorStore.open(path: settings.database).store
            try store.requireMode(livemode: settings.livemode)
            let transport = try CurlTransport()
            defer { transport.shutdown() }
            let client = StripeClient(settings, transport: transport)
            let sync = SyncParts(
                settings: settings,
                store: store,
                client: client,
                logger: Logger.portald(level: settings.logLevel, format: settings.logFormat)
            )
            let value = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await sync.writer.run() }
                let value = try await body(sync, client)
                group.cancelAll()
                return value
            }
            try store.close()
            return value
        } catch let error as MirrorError {
            throw CommandFailure(error)
        } catch let error as SyncError {
            throw CommandFailure(error)
        }
    }
}
