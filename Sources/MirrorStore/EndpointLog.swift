internal import GRDB

/// How the webhook endpoint at Stripe was last seen, kept in the file: for commands beside the daemon, and for the next start.
public struct EndpointLog: Sendable {
    private let store: MirrorStore

    /// Reads and writes a store.
    public init(store: MirrorStore) {
        self.store = store
    }

    /// How the endpoint was last seen; nil where it is not watched, or was never seen.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func state() async throws(MirrorError) -> EndpointState? {
        try await store.read { db in try EndpointTable(db: db).state() }
    }

    /// Keeps how the endpoint was seen; where it brings events again that it did not bring, a sweep is asked for.
    ///
    /// - Returns: How it was seen before, by the same address.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func save(_ seen: EndpointState) async throws(MirrorError) -> EndpointState? {
        try await store.write { db in
            let table = EndpointTable(db: db)
            let before = try table.state().flatMap { $0.url == seen.url ? $0 : nil }
            var state = seen
            if let before, before.faults == seen.faults {
                state.since = before.since
            }
            try table.save(state)
            if let before, before.losesEvents, !state.losesEvents {
                try SyncStateTable(db: db).requestSweep()
            }
            return before
        }
    }

    /// Forgets the endpoint, which is watched no longer.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func clear() async throws(MirrorError) {
        try await store.write { db in try EndpointTable(db: db).clear() }
    }
}
