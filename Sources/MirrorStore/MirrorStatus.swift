internal import FoundationEssentials
internal import GRDB

/// What the mirror holds, counted.
public struct MirrorStatus: Sendable, Hashable, Encodable {
    /// Rows of one kind.
    public struct Rows: Sendable, Hashable, Encodable {
        /// All of them.
        public var total: Int
        /// Those that show a version that is not proven.
        public var unconfirmed: Int
    }

    /// Customers, deleted ones included.
    public var customers: Rows
    /// Subscriptions, ended ones included.
    public var subscriptions: Rows
    /// Links from users to customers.
    public var userLinks: Int
    /// Customers that more than one user claims.
    public var linkConflicts: Int
    /// Objects for which an event waits.
    public var pendingObjects: Int
    /// Unix seconds since when the oldest of them waits.
    public var pendingSince: Int64?
    /// Events by what became of them.
    public var events: [String: Int]
    /// Unix seconds at which the last event came in.
    public var lastEventReceivedAt: Int64?
    /// The schema's last migration.
    public var schema: String
    /// Bytes of the file, without the log beside it.
    public var databaseBytes: Int
    /// Where the file is.
    public var database: String

    /// The names that scripts read.
    public enum CodingKeys: String, CodingKey {
        case customers, subscriptions, events, schema, database
        case userLinks = "user_links"
        case linkConflicts = "link_conflicts"
        case pendingObjects = "pending_objects"
        case pendingSince = "pending_since"
        case lastEventReceivedAt = "last_event_received_at"
        case databaseBytes = "database_bytes"
    }

    /// Counts on one snapshot; on a mirror of millions of rows this takes seconds.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public init(of store: MirrorStore) throws(MirrorError) {
        do {
            self = try store.pool.read { db in try MirrorStatus(db, path: store.path) }
        } catch {
            throw MirrorError(error)
        }
    }

    private init(_ db: Database, path: String) throws {
        customers = try Self.rows("customers", db)
        subscriptions = try Self.rows("subscriptions", db)
        userLinks = try Self.integer("SELECT count(*) FROM user_links", db)
        linkConflicts = try Self.integer("SELECT count(*) FROM link_conflicts", db)
        pendingObjects = try Self.integer("SELECT count(*) FROM object_states WHERE pending_since IS NOT NULL", db)
        let since = try Double.fetchOne(db, sql: "SELECT min(pending_since) FROM object_states")
        pendingSince = since.map { Int64($0) }
        events = [:]
        for row in try Row.fetchAll(db, sql: "SELECT outcome, count(*) AS events FROM events GROUP BY outcome") {
            events[row["outcome"]] = row["events"]
        }
        lastEventReceivedAt = try Int64.fetchOne(
            db,
            sql: "SELECT received_at FROM events ORDER BY rowid DESC LIMIT 1"
        )
        schema = try Migrations.migrator.appliedMigrations(db).last ?? "none"
        databaseBytes = try Self.integer("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", db)
        database = path
    }

    private static func rows(_ table: String, _ db: Database) throws -> Rows {
        Rows(
            total: try integer("SELECT count(*) FROM \(table)", db),
            unconfirmed: try integer("SELECT count(*) FROM \(table) WHERE NOT confirmed", db)
        )
    }

    private static func integer(_ sql: String, _ db: Database) throws -> Int {
        try Int.fetchOne(db, sql: sql) ?? 0
    }
}
