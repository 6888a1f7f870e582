internal import GRDB

/// What the mirror holds, counted, and how current it is.
public struct MirrorStatus: Sendable, Hashable {
    /// Rows of one kind.
    public struct Rows: Sendable, Hashable, Encodable {
        /// All of them.
        public var total: Int
        /// Those that show a version that is not proven.
        public var unconfirmed: Int
    }

    /// An object whose last read failed.
    public struct FailingRead: Sendable, Hashable, Encodable {
        /// `cus_…` or `sub_…`.
        public var object: String
        /// Why.
        public var error: String
    }

    /// Whether a backfill has ever finished.
    public var isReady: Bool
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
    /// How many objects' last read failed.
    public var failingReadCount: Int
    /// The first of them.
    public var failingReads: [FailingRead]
    /// Events by what became of them; in a report on totals that were kept, only those that wait or could not be applied.
    public var events: [String: Int]
    /// Unix seconds at which the last event came in.
    public var lastEventReceivedAt: Int64?
    /// Every event created before has been asked for, Unix seconds by Stripe's clock.
    public var sweptTo: Int64?
    /// When the last sweep ended, Unix seconds.
    public var sweptAt: Double?
    /// The filling of the mirror.
    public var backfill: PassStatus
    /// The comparison with Stripe.
    public var verification: PassStatus
    /// Seconds since the object that Stripe has not confirmed for longest came in or was confirmed; nil where there is none.
    public var oldestUnverifiedSeconds: Int64?
    /// The API version of portald's own calls; nil before the first start.
    public var apiVersion: String?
    /// The API versions that webhooks came in lately.
    public var webhookAPIVersions: [String]
    /// The webhook endpoint at Stripe; nil where it is not watched.
    public var endpoint: EndpointState?
    /// Which primary wrote the file, and when it last did.
    public var replication: ReplicationState
    /// Whether the file is another machine's mirror, which Litestream brings here.
    public var isFollowed = false
    /// The signing secrets of the settings in force, in their order.
    public var webhookSecrets: [WebhookSecretUse]
    /// The schema's last migration.
    public var schema: String
    /// Bytes of the file, without the log beside it.
    public var databaseBytes: Int
    /// Where the file is.
    public var database: String

    /// How far back webhooks count as late, in seconds, and how many events are looked at.
    private static let lately = (seconds: 3 * 86_400.0, events: 1000)
    /// How many failing reads are named.
    private static let named = 10

    /// Counts on one snapshot; on a mirror of millions of rows this takes seconds.
    ///
    /// - Parameters:
    ///   - store: The mirror.
    ///   - now: Unix seconds by this machine's clock.
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public init(of store: MirrorStore, now: Double) throws(MirrorError) {
        self = try store.readBlocking { db in
            try MirrorStatus(db, path: store.path, totals: MirrorTotals(db), countsEvents: true, now: now)
        }
        isFollowed = store.followed != nil
    }

    /// Reads a snapshot, by a few index look-ups beside the totals, unless events are counted.
    init(_ db: Database, path: String, totals: MirrorTotals, countsEvents: Bool, now: Double) throws {
        let vitals = try MirrorVitals(db)
        isReady = vitals.isFilled
        pendingObjects = vitals.unconfirmedObjects
        pendingSince = vitals.unconfirmedSince.map { Int64($0) }
        failingReadCount = vitals.failingReads
        failingReads = try Row.fetchAll(db.cachedStatement(sql: SQL.failingReads), arguments: [Self.named])
            .map { FailingRead(object: $0["object_id"], error: $0["read_error"]) }
        sweptAt = vitals.sweptAt
        replication = vitals.replication
        oldestUnverifiedSeconds = vitals.unverifiedSince.map { max(0, Int64(now - $0)) }
        databaseBytes = vitals.databaseBytes
        events = try countsEvents ? Self.events(db) : Self.unsettled(vitals)
        customers = Rows(total: totals.customers, unconfirmed: try Self.unconfirmed(SQL.unconfirmedCustomers, db))
        subscriptions = Rows(
            total: totals.subscriptions,
            unconfirmed: try Self.unconfirmed(SQL.unconfirmedSubscriptions, db)
        )
        userLinks = totals.userLinks
        linkConflicts = totals.linkConflicts
        lastEventReceivedAt = try Int64.fetchOne(
            db,
            sql: "SELECT received_at FROM events ORDER BY rowid DESC LIMIT 1"
        )
        let sync = try Row.fetchOne(db, sql: "SELECT swept_to, api_version FROM sync_state")
        sweptTo = sync?["swept_to"]
        apiVersion = sync?["api_version"]
        backfill = try PassStatus(.backfill, db)
        verification = try PassStatus(.verification, db)
        webhookAPIVersions = try Self.webhookAPIVersions(since: now - Self.lately.seconds, db)
        endpoint = try EndpointTable(db: db).state()
        webhookSecrets = try WebhookSecretTable(db: db).uses(at: now)
        schema = try Migrations.migrator.appliedMigrations(db).last ?? "none"
        database = path
    }

    /// What an operator should do something about.
    public var warnings: [String] {
        guard let apiVersion else { return [] }
        return webhookAPIVersions.filter { $0 != apiVersion }.map { version in
            "webhooks came in API version \(version), and portald calls in \(apiVersion): each burst of events costs one "
                + "refresh; pin the endpoint to \(apiVersion)"
        }
    }

    private static func webhookAPIVersions(since time: Double, _ db: Database) throws -> [String] {
        try String.fetchAll(
            db,
            sql: """
                SELECT DISTINCT api_version
                FROM (SELECT api_version, source, received_at FROM events ORDER BY rowid DESC LIMIT ?)
                WHERE source = 'webhook' AND received_at >= ? AND api_version IS NOT NULL
                ORDER BY api_version
                """,
            arguments: [lately.events, time]
        )
    }

    private static func events(_ db: Database) throws -> [String: Int] {
        let rows = try Row.fetchAll(db, sql: "SELECT outcome, count(*) AS events FROM events GROUP BY outcome")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["outcome"], $0["events"]) })
    }

    /// As ``events(_:)`` would count them: an outcome of no event has no place.
    private static func unsettled(_ vitals: MirrorVitals) -> [String: Int] {
        [Outcome.pending.rawValue: vitals.pendingEvents, Outcome.failed.rawValue: vitals.failedEvents]
            .filter { $0.value > 0 }
    }

    private static func unconfirmed(_ sql: String, _ db: Database) throws -> Int {
        try Int.fetchOne(db.cachedStatement(sql: sql)) ?? 0
    }

    /// The statements of every report; each finds its rows by an index, since those that wait are few.
    enum SQL {
        static let failingReads = """
            SELECT object_id, read_error FROM object_states
            WHERE due_at > -1 AND pending_since IS NOT NULL AND read_error IS NOT NULL
            LIMIT ?
            """
        static let unconfirmedCustomers = unconfirmed(in: "customers")
        static let unconfirmedSubscriptions = unconfirmed(in: "subscriptions")

        static let all = [failingReads, unconfirmedCustomers, unconfirmedSubscriptions]

        /// A row is unconfirmed for as long as an event of its object waits; the joins' order is the one written.
        private static func unconfirmed(in table: String) -> String {
            """
            SELECT count(*) FROM object_states AS state CROSS JOIN \(table) AS shown ON shown.id = state.object_id
            WHERE state.due_at > -1 AND state.pending_since IS NOT NULL AND NOT shown.confirmed
            """
        }
    }
}

extension MirrorStatus: Encodable {
    /// The names that scripts read.
    public enum CodingKeys: String, CodingKey {
        case customers, subscriptions, events, backfill, verification, warnings, schema, database
        case isReady = "ready"
        case userLinks = "user_links"
        case linkConflicts = "link_conflicts"
        case pendingObjects = "pending_objects"
        case pendingSince = "pending_since"
        case failingReadCount = "failing_read_count"
        case failingReads = "failing_reads"
        case lastEventReceivedAt = "last_event_received_at"
        case sweptTo = "swept_to"
        case sweptAt = "swept_at"
        case oldestUnverifiedSeconds = "oldest_unverified_seconds"
        case apiVersion = "api_version"
        case webhookAPIVersions = "webhook_api_versions"
        case webhookSecrets = "webhook_secrets"
        case databaseBytes = "database_bytes"
        case endpoint = "webhook_endpoint"
        case replication
        case isFollowed = "followed"
    }

    /// Writes every name, `null` where there is nothing to say.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(isReady, forKey: .isReady)
        try container.encode(customers, forKey: .customers)
        try container.encode(subscriptions, forKey: .subscriptions)
        try container.encode(userLinks, forKey: .userLinks)
        try container.encode(linkConflicts, forKey: .linkConflicts)
        try container.encode(pendingObjects, forKey: .pendingObjects)
        try container.encode(pendingSince, forKey: .pendingSince)
        try container.encode(failingReadCount, forKey: .failingReadCount)
        try container.encode(failingReads, forKey: .failingReads)
        try container.encode(events, forKey: .events)
        try container.encode(lastEventReceivedAt, forKey: .lastEventReceivedAt)
        try container.encode(sweptTo, forKey: .sweptTo)
        try container.encode(sweptAt, forKey: .sweptAt)
        try container.encode(backfill, forKey: .backfill)
        try container.encode(verification, forKey: .verification)
        try container.encode(oldestUnverifiedSeconds, forKey: .oldestUnverifiedSeconds)
        try container.encode(apiVersion, forKey: .apiVersion)
        try container.encode(webhookAPIVersions, forKey: .webhookAPIVersions)
        try container.encode(endpoint, forKey: .endpoint)
        try container.encode(webhookSecrets, forKey: .webhookSecrets)
        try container.encode(replication, forKey: .replication)
        try container.encode(isFollowed, forKey: .isFollowed)
        try container.encode(warnings, forKey: .warnings)
        try container.encode(schema, forKey: .schema)
        try container.encode(databaseBytes, forKey: .databaseBytes)
        try container.encode(database, forKey: .database)
    }
}
