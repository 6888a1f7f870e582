internal import GRDB
internal import Stripe

/// Reads that answer a request: key look-ups on a snapshot of the mirror.
public struct MirrorReader: Sendable {
    private let store: MirrorStore

    /// Reads from a store.
    public init(store: MirrorStore) {
        self.store = store
    }

    /// What the mirror says of a user's customers at one moment.
    public struct Snapshot: Sendable, Hashable {
        /// The customers that the user is linked to, with their subscriptions.
        public var customers: [LinkedCustomer]
        /// Whether a backfill has ever finished; until then, what is not in the mirror may still be on its way.
        public var isFilled: Bool
        /// When the mirror last heard from Stripe, Unix seconds by this machine's clock; nil where it never did.
        ///
        /// An event that comes in counts, and a sweep or a backfill that finishes.
        public var heardAt: Double?
        /// When the primary last said that it is alive, Unix seconds by its clock; nil where it never did.
        ///
        /// In a mirror that is followed from another machine, how old that is tells how far it lags.
        public var heartbeatAt: Double?

        /// Creates a snapshot from its parts.
        public init(
            customers: [LinkedCustomer],
            isFilled: Bool,
            heardAt: Double? = nil,
            heartbeatAt: Double? = nil
        ) {
            self.customers = customers
            self.isFilled = isFilled
            self.heardAt = heardAt
            self.heartbeatAt = heartbeatAt
        }
    }

    /// Reads what the mirror says of a user's customers.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func snapshot(of user: UserID) async throws(MirrorError) -> Snapshot {
        try await store.read { db in try Self.snapshot(of: user, db) }
    }

    static func snapshot(of user: UserID, _ db: Database) throws -> Snapshot {
        Snapshot(
            customers: try customers(of: user, db),
            isFilled: try PassTable(db: db).hasFinished(.backfill),
            heardAt: try SyncStateTable(db: db).heardAt(),
            heartbeatAt: try ReplicationTable(db: db).heartbeatAt()
        )
    }

    /// Reads all that the mirror knows of a user's customers.
    ///
    /// - Parameters:
    ///   - user: The user.
    ///   - time: The time to tell of, Unix seconds by this machine's clock; nil for now.
    ///   - limit: How many versions of each row to tell of.
    /// - Returns: All of it, from one snapshot.
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func record(of user: UserID, at time: Double?, limit: Int) async throws(MirrorError) -> UserRecord {
        try await store.read { db in
            try UserRecordReader(db: db, user: user, time: time, limit: limit).record()
        }
    }

    /// Statements by what they look up; a test reads their query plans.
    enum SQL {
        static let links = "SELECT customer, source FROM user_links WHERE user_id = ?"
        static let customer = """
            SELECT
                (SELECT created FROM customers WHERE id = ?1) AS created,
                coalesce((SELECT deleted FROM customers WHERE id = ?1), 0) AS deleted,
                EXISTS (SELECT 1 FROM user_links WHERE customer = ?1 AND user_id <> ?2) AS claimed_by_others
            """
        static let subscriptions = """
            SELECT id, status, created, current_period_end, cancel_at, cancel_at_period_end, trial_end
            FROM subscriptions
            WHERE customer = ? AND NOT deleted
            """
        static let items = """
            SELECT id, price, product, quantity FROM subscription_items WHERE subscription = ? ORDER BY id
            """
        static let all = [links, customer, subscriptions, items]
    }

    private static func customers(of user: UserID, _ db: Database) throws -> [LinkedCustomer] {
        var sources: [String: Set<String>] = [:]
        for link in try Row.fetchAll(db.cachedStatement(sql: SQL.links), arguments: [user.rawValue]) {
            sources[link["customer"], default: []].insert(link["source"])
        }
        return try sources.sorted { $0.key < $1.key }.map { id, sources in
            let row = try Row.fetchOne(db.cachedStatement(sql: SQL.customer), arguments: [id, user.rawValue])
            return LinkedCustomer(
                id: id,
                created: row?["created"],
                deleted: row?["deleted"] ?? false,
                isClaimedByOthers: row?["claimed_by_others"] ?? true,
                isClaimedByMetadata: sources != [UserLinkSource.checkoutClientReferenceID.rawValue],
                subscriptions: try subscriptions(of: id, db)
            )
        }
    }

    private static func subscriptions(of customer: String, _ db: Database) throws -> [LinkedSubscription] {
        let statement = try db.cachedStatement(sql: SQL.subscriptions)
        return try Row.fetchAll(statement, arguments: [customer]).map { row in
            let id: String = row["id"]
            return LinkedSubscription(
                id: id,
                status: row["status"],
                created: row["created"],
                currentPeriodEnd: row["current_period_end"],
                cancelAt: row["cancel_at"],
                cancelAtPeriodEnd: row["cancel_at_period_end"],
                trialEnd: row["trial_end"],
                items: try items(of: id, db)
            )
        }
    }

    private static func items(of subscription: String, _ db: Database) throws -> [LinkedSubscription.Item] {
        let statement = try db.cachedStatement(sql: SQL.items)
        return try Row.fetchAll(statement, arguments: [subscription]).map { row in
            LinkedSubscription.Item(
                id: row["id"],
                price: row["price"],
                product: row["product"],
                quantity: row["quantity"]
            )
        }
    }
}
