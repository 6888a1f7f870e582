/// Which primary writes the mirror, and its signs of life, kept in the file so that they are replicated with it.
public struct ReplicationLog: Sendable {
    private let store: MirrorStore

    /// Reads and writes a store.
    public init(store: MirrorStore) {
        self.store = store
    }

    /// What the file says.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func state() async throws(MirrorError) -> ReplicationState {
        try await store.read { db in try ReplicationTable(db: db).state() }
    }

    /// Says that the primary is alive: whoever follows the file can tell silence at Stripe from a replica that lags.
    ///
    /// - Parameters:
    ///   - now: Unix seconds by this machine's clock.
    ///   - interval: Seconds until the next such sign.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func beat(at now: Double, every interval: Double) async throws(MirrorError) {
        try await store.write { db in try ReplicationTable(db: db).beat(at: now, every: interval) }
    }

    /// Notes with what the present epoch was claimed in the replica; nil takes it back.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func setClaim(_ claim: String?) async throws(MirrorError) {
        try await store.write { db in try ReplicationTable(db: db).setClaim(claim) }
    }
}
