internal import GRDB
internal import Stripe

/// Every event that came in, with what became of it, as an operator asks for it.
public struct EventLog: Sendable {
    /// One event.
    public struct Entry: Sendable, Hashable, Encodable {
        /// `evt_…`.
        public var id: String
        /// Such as `customer.updated`.
        public var type: String
        /// The object it is about.
        public var objectID: String?
        /// Unix seconds, Stripe's.
        public var created: Int64
        /// Unix seconds, this machine's.
        public var receivedAt: Int64
        /// The version that the object is rendered in.
        public var apiVersion: String?
        /// `webhook`, `sweep` or `replay`.
        public var source: String
        /// What became of it.
        public var outcome: String
        /// Why it was ignored or could not be applied.
        public var error: String?

        /// The columns' names.
        public enum CodingKeys: String, CodingKey {
            case id, type, created, source, outcome, error
            case objectID = "object_id"
            case receivedAt = "received_at"
            case apiVersion = "api_version"
        }
    }

    /// Which events are asked for.
    public struct Filter: Sendable, Hashable {
        /// Only events of this outcome.
        public var outcome: Outcome?
        /// Only events about this object.
        public var objectID: String?
        /// How many at most, the latest first.
        public var limit: Int

        /// Creates a filter from its parts.
        public init(outcome: Outcome? = nil, objectID: String? = nil, limit: Int) {
            self.outcome = outcome
            self.objectID = objectID
            self.limit = limit
        }
    }

    private let store: MirrorStore

    /// Reads from a store.
    public init(store: MirrorStore) {
        self.store = store
    }

    /// The latest events, the last received first.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func entries(_ filter: Filter) throws(MirrorError) -> [Entry] {
        let sql = """
            SELECT * FROM events
            WHERE (?1 IS NULL OR outcome = ?1) AND (?2 IS NULL OR object_id = ?2)
            ORDER BY rowid DESC LIMIT ?3
            """
        return try store.readBlocking { db in
            let arguments: StatementArguments = [filter.outcome?.rawValue, filter.objectID, filter.limit]
            return try Row.fetchAll(db, sql: sql, arguments: arguments).map(Self.entry)
        }
    }

    /// Events that wait or failed; a test reads the statement's query plan.
    static let unsettledSQL = """
        SELECT * FROM events WHERE outcome IN ('pending', 'failed') ORDER BY rowid DESC LIMIT ?
        """

    static func unsettled(limit: Int, _ db: Database) throws -> [Entry] {
        try Row.fetchAll(db.cachedStatement(sql: unsettledSQL), arguments: [limit]).map(entry)
    }

    /// Ids of the events that can be applied again, in the order in which they first came in.
    ///
    /// - Parameters:
    ///   - failedOnly: Whether only those that could not be applied are asked for.
    ///   - time: When they came in at the earliest, Unix seconds by this machine's clock; nil for any time.
    /// - Returns: The ids.
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func replayable(failedOnly: Bool, receivedSince time: Double?) throws(MirrorError) -> [String] {
        let condition = failedOnly ? "outcome = 'failed'" : "outcome <> 'ignored'"
        let sql = "SELECT id FROM events WHERE \(condition) AND received_at >= ? ORDER BY rowid"
        return try store.readBlocking { db in try String.fetchAll(db, sql: sql, arguments: [time ?? 0]) }
    }

    /// One event with its payload; nil where no such event came in.
    ///
    /// The payload is nil where the event was ignored, is past its retention, or is about a deleted customer.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func event(_ id: String) throws(MirrorError) -> (entry: Entry, payload: String?)? {
        try store.readBlocking { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM events WHERE id = ?", arguments: [id]) else {
                return nil
            }
            return (Self.entry(row), row["payload"])
        }
    }

    private static func entry(_ row: Row) -> Entry {
        Entry(
            id: row["id"],
            type: row["type"],
            objectID: row["object_id"],
            created: row["created"],
            receivedAt: row["received_at"],
            apiVersion: row["api_version"],
            source: row["source"],
            outcome: row["outcome"],
            error: row["error"]
        )
    }
}
