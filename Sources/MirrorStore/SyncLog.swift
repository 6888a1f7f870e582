internal import GRDB

/// How far the mirror has been brought up to date, kept in the file.
public struct SyncLog: Sendable {
    /// Where the next sweep has to begin.
    public struct Sweeps: Sendable, Hashable {
        /// Every event created before has been taken in, Unix seconds by Stripe's clock; nil where there was no sweep yet.
        public var sweptTo: Int64?
        /// Whether a sweep is wanted at once.
        public var isRequested: Bool
    }

    private let store: MirrorStore

    /// Reads and writes a store.
    public init(store: MirrorStore) {
        self.store = store
    }

    /// How far sweeps have come.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func sweeps() async throws(MirrorError) -> Sweeps {
        try await store.read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT swept_to, sweep_requested FROM sync_state") else {
                throw MirrorError.inconsistent("sync_state has no row")
            }
            return Sweeps(sweptTo: row["swept_to"], isRequested: row["sweep_requested"])
        }
    }

    /// Takes back the wish for a sweep, before the sweep that fulfils it begins.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func clearSweepRequest() async throws(MirrorError) {
        try await store.write { db in
            try db.execute(sql: "UPDATE sync_state SET sweep_requested = 0 WHERE sweep_requested")
        }
    }

    /// Asks for a sweep, for instance from another process.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func requestSweep() async throws(MirrorError) {
        try await store.write { db in try SyncStateTable(db: db).requestSweep() }
    }

    /// Notes how far a sweep has come.
    ///
    /// - Parameters:
    ///   - date: Every event created before has been taken in, Unix seconds by Stripe's clock.
    ///   - now: Unix seconds by this machine's clock.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func markSwept(to date: Int64, at now: Double) async throws(MirrorError) {
        try await store.write { db in
            try db.execute(
                sql: "UPDATE sync_state SET swept_to = max(coalesce(swept_to, 0), ?), swept_at = ?",
                arguments: [date, now]
            )
            try SyncStateTable(db: db).markHeard(at: now)
        }
    }

    /// Notes the API version of the daemon's own calls, for `status`.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func setAPIVersion(_ version: String) async throws(MirrorError) {
        try await store.write { db in
            try db.execute(sql: "UPDATE sync_state SET api_version = ?", arguments: [version])
        }
    }

    /// Notes which signing secrets the webhook endpoint may use, as their fingerprints.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func setWebhookSecrets(_ fingerprints: [String]) async throws(MirrorError) {
        try await store.write { db in try WebhookSecretTable(db: db).configure(fingerprints) }
    }

    /// The pass of a purpose that was left unfinished.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func unfinishedPass(_ purpose: Pass.Purpose) async throws(MirrorError) -> Pass? {
        try await store.read { db in try PassTable(db: db).unfinished(purpose) }
    }

    /// Whether a pass of a purpose has ever finished.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func hasFinishedPass(_ purpose: Pass.Purpose) async throws(MirrorError) -> Bool {
        try await store.read { db in try PassTable(db: db).hasFinished(purpose) }
    }

    /// The latest pass of a purpose that has finished.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func finishedPass(_ purpose: Pass.Purpose) async throws(MirrorError) -> Pass? {
        try await store.read { db in try PassTable(db: db).finished(purpose) }
    }

    /// Begins a pass, unless one of the same purpose is under way, in this process or another.
    ///
    /// - Parameters:
    ///   - purpose: What it is for.
    ///   - now: Unix seconds by this machine's clock.
    ///   - date: Unix seconds by Stripe's clock.
    /// - Returns: The pass at its beginning, or the one under way.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func beginPass(_ purpose: Pass.Purpose, at now: Double, date: Int64) async throws(MirrorError) -> Pass {
        try await store.write { db in try PassTable(db: db).begin(purpose, at: now, date: date) }
    }

    /// Keeps how far a pass has come.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func save(_ pass: Pass) async throws(MirrorError) {
        try await store.write { db in try PassTable(db: db).save(pass) }
    }

    /// Ends a pass; the sweep after a backfill goes back to where the backfill began.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func finish(_ pass: Pass, at now: Double) async throws(MirrorError) {
        try await store.write { db in try PassTable(db: db).finish(pass, at: now) }
    }
}
