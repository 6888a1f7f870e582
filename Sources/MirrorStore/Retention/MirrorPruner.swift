internal import FoundationEssentials
internal import GRDB

/// Removes what is no longer kept, in steps so small that the writer never waits for long.
public struct MirrorPruner: Sendable {
    /// What was forgotten.
    public struct Forgotten: Sendable, Hashable {
        /// Events, with their ids.
        public var events = 0
        /// Steps that objects are known to have taken.
        public var edges = 0
        /// Notes of what rows showed.
        public var history = 0

        /// Nothing.
        public init() {}

        init(events: Int, edges: Int, history: Int) {
            self.events = events
            self.edges = edges
            self.history = history
        }

        /// Whether there was nothing to forget.
        public var isEmpty: Bool { self == Forgotten() }
    }

    /// Payloads that one transaction removes.
    static let stepSize = 500
    /// Seconds between two walks, each of which reads all edges.
    static let forgettingInterval: Int64 = 86_400

    private let store: MirrorStore

    /// Prunes a store.
    public init(store: MirrorStore) {
        self.store = store
    }

    // MARK: Payloads

    static let payloadsSQL = """
        SELECT rowid, received_at, outcome FROM events
        WHERE payload IS NOT NULL AND received_at < ?1 AND (received_at, rowid) > (?2, ?3)
        ORDER BY received_at, rowid LIMIT ?4
        """
    static let erasureSQL = "UPDATE events SET payload = NULL WHERE rowid = ? AND outcome <> 'pending'"

    /// Removes the payloads of old events, but not of those that still wait to be applied.
    ///
    /// - Parameter time: Payloads of events that came in before are removed; Unix seconds by this machine's clock.
    /// - Returns: How many were removed; the rest is left to the next call where the task is cancelled.
    /// - Throws: ``MirrorError``.
    public func removePayloads(receivedBefore time: Int64) async throws(MirrorError) -> Int {
        var removed = 0
        var last: (receivedAt: Int64, rowid: Int64) = (.min, .min)
        while !Task.isCancelled {
            let from = last
            let slice = try await store.read { db in
                try Row.fetchAll(
                    db.cachedStatement(sql: Self.payloadsSQL),
                    arguments: [time, from.receivedAt, from.rowid, Self.stepSize]
                ).map {
                    (
                        rowid: $0["rowid"] as Int64, receivedAt: $0["received_at"] as Int64,
                        outcome: $0["outcome"] as String
                    )
                }
            }
            guard let end = slice.last else { break }
            let due = slice.filter { $0.outcome != Outcome.pending.rawValue }.map(\.rowid)
            if !due.isEmpty {
                removed += try await store.write { db in try Self.erase(due, db) }
            }
            last = (end.receivedAt, end.rowid)
            await Task.yield()
        }
        return removed
    }

    private static func erase(_ rows: [Int64], _ db: Database) throws -> Int {
        let statement = try db.cachedStatement(sql: erasureSQL)
        return try rows.reduce(0) { count, row in
            try statement.execute(arguments: [row])
            return count + db.changesCount
        }
    }

    // MARK: Answers

    static let requests = PrimaryKeyWalk(
        table: "portal_requests",
        key: ["rowid"],
        start: [Int64.min.databaseValue],
        condition: "old.at < :time",
        isChronological: true
    )

    /// Removes old notes of what users were answered.
    ///
    /// - Parameter time: Answers from before are removed; Unix seconds by this machine's clock.
    /// - Returns: How many were removed; the rest is left to the next call where the task is cancelled.
    /// - Throws: ``MirrorError``.
    public func removeRequests(answeredBefore time: Int64) async throws(MirrorError) -> Int {
        try await Self.requests.run(at: time, in: store)
    }

    static let activity = PrimaryKeyWalk(
        table: "activity",
        key: ["minute", "source", "outcome"],
        start: [Int64.min.databaseValue, "".databaseValue, "".databaseValue],
        condition: "old.minute < :time",
        isChronological: true
    )

    /// Removes what the status page shows no more.
    ///
    /// - Parameter time: Minutes from before are removed; Unix seconds.
    /// - Returns: How many rows were removed; the rest is left to the next call where the task is cancelled.
    /// - Throws: ``MirrorError``.
    public func removeActivity(before time: Int64) async throws(MirrorError) -> Int {
        try await Self.activity.run(at: time, in: store)
    }

    // MARK: The memory's end

    static let events = PrimaryKeyWalk(
        table: "events",
        key: ["rowid"],
        start: [Int64.min.databaseValue],
        condition: "old.created < :time AND old.received_at < :time AND old.outcome <> 'pending'",
        mark: forgottenSQL,
        isChronological: true
    )
    static let edges = PrimaryKeyWalk(
        table: "edges",
        key: ["object_id", "parent", "revision", "source"],
        start: ["".databaseValue, Data().databaseValue, Data().databaseValue, "".databaseValue],
        condition: "old.created < :time",
        mark: forgottenSQL
    )
    /// What a row showed at the end of memory is kept, however long it has shown it.
    static let history = PrimaryKeyWalk(
        table: "history",
        key: ["object_id", "sequence"],
        start: ["".databaseValue, Int64.min.databaseValue],
        condition: """
            EXISTS (
                SELECT 1 FROM history AS later
                WHERE later.object_id = old.object_id AND later.sequence > old.sequence AND later.at < :time
            )
            """,
        mark: "UPDATE sync_state SET history_since = max(history_since, :time)"
    )
    static let checkouts = PrimaryKeyWalk(
        table: "checkouts",
        key: ["session"],
        start: ["".databaseValue],
        condition: "old.received_at < :time"
    )
    private static let forgottenSQL =
        "UPDATE sync_state SET forgotten_before = max(coalesce(forgotten_before, :time), :time)"

    /// Forgets events, edges and history, where the last time this was done is a day ago.
    ///
    /// The mark of what is forgotten is written with the first row that goes: an event from before the mark may be a
    /// second copy of one that nobody remembers, and only a read settles it (``FastForward``).
    ///
    /// - Parameter time: What is older is forgotten; Unix seconds.
    /// - Returns: What was forgotten; nil where it was done less than a day ago.
    /// - Throws: ``MirrorError``.
    public func forget(before time: Int64) async throws(MirrorError) -> Forgotten? {
        let prunedTo = try await store.read { db in
            try Int64.fetchOne(db, sql: "SELECT pruned_to FROM sync_state")
        }
        if let prunedTo, prunedTo > time - Self.forgettingInterval {
            return nil
        }
        let forgotten = Forgotten(
            events: try await Self.events.run(at: time, in: store),
            edges: try await Self.edges.run(at: time, in: store),
            history: try await Self.history.run(at: time, in: store)
        )
        _ = try await Self.checkouts.run(at: time, in: store)
        try await store.write { db in
            try db.execute(sql: "UPDATE sync_state SET pruned_to = ?", arguments: [time])
        }
        return forgotten
    }
}
