internal import GRDB

/// How much there is of everything, which takes a walk over the mirror to tell: SQLite keeps no counts.
public struct MirrorTotals: Sendable, Hashable {
    /// Customers, deleted ones included.
    public var customers: Int
    /// Subscriptions, ended ones included.
    public var subscriptions: Int
    /// Links from users to customers.
    public var userLinks: Int
    /// Customers that more than one user claims.
    public var linkConflicts: Int
    /// The first of them, by their ids.
    public var conflicting: [String]

    /// How many customers are named.
    private static let named = 20

    /// Counts on one snapshot; on a mirror of millions of rows this takes seconds.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public init(of store: MirrorStore) async throws(MirrorError) {
        self = try await store.read { db in try MirrorTotals(db) }
    }

    init(_ db: Database) throws {
        func count(_ table: String) throws -> Int {
            try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
        }
        customers = try count("customers")
        subscriptions = try count("subscriptions")
        userLinks = try count("user_links")
        linkConflicts = try count("link_conflicts")
        conflicting = try String.fetchAll(
            db,
            sql: "SELECT customer FROM link_conflicts ORDER BY customer LIMIT ?",
            arguments: [Self.named]
        )
    }
}
