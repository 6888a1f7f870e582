internal import GRDB

/// The mirror's health, at the cost of a few index look-ups however large it is.
///
/// It is for a program that asks every few seconds; ``MirrorStatus`` counts everything, and takes longer.
public struct MirrorVitals: Sendable, Hashable {
    /// Whether a backfill has ever finished.
    public var isFilled = false
    /// Objects for which an event waits, so that what is shown of them, if anything, is not proven.
    public var unconfirmedObjects = 0
    /// Unix seconds since when the oldest of them waits to be.
    public var unconfirmedSince: Double?
    /// Those of them whose last read from Stripe failed.
    public var failingReads = 0
    /// Events that wait for a missing predecessor or for a read.
    public var pendingEvents = 0
    /// Events that could not be applied, and were not replayed with success.
    public var failedEvents = 0
    /// When the object came in or was confirmed that Stripe has not confirmed for longest, Unix seconds; 0 where it never
    /// was, nil where there is no object.
    public var unverifiedSince: Double?
    /// When Stripe was last heard from, Unix seconds.
    public var heardAt: Double?
    /// When the last sweep ended, Unix seconds.
    public var sweptAt: Double?
    /// When the last comparison with Stripe was finished, Unix seconds.
    public var verifiedAt: Double?
    /// Rows that the latest comparison, finished or not, found to differ without an event that says why.
    public var driftedRows = 0
    /// Which primary wrote the file, and when it last did.
    public var replication = ReplicationState(epoch: 1)
    /// Bytes of the file.
    public var databaseBytes = 0
    /// Bytes of the log beside it.
    public var walBytes = 0

    /// The statements, each of which finds its rows by an index: those that wait are few, and the rest is never touched.
    enum SQL {
        static let waiting = """
            SELECT count(*) AS objects, min(pending_since) AS since, count(read_error) AS failing
            FROM object_states WHERE due_at > -1 AND pending_since IS NOT NULL
            """
        static let unsettled = """
            SELECT outcome, count(*) AS events FROM events WHERE outcome IN ('pending', 'failed') GROUP BY outcome
            """
        static let unverified = """
            SELECT checked_at FROM object_states WHERE NOT deleted AND checked_at > -1 ORDER BY checked_at LIMIT 1
            """
        static let sync = "SELECT heard_at, swept_at FROM sync_state WHERE id = 1"
        static let verification = """
            SELECT drifted, (SELECT max(finished_at) FROM passes WHERE purpose = 'verification') AS finished
            FROM passes WHERE purpose = 'verification' ORDER BY id DESC LIMIT 1
            """
        static let bytes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"

        static let all = [waiting, unsettled, unverified, sync, verification]
    }

    /// Reads one snapshot.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public init(of store: MirrorStore) async throws(MirrorError) {
        self = try await store.read { db in try MirrorVitals(db) }
        walBytes = store.logBytes
    }

    /// Reads all but the size of the log, which is a file of its own.
    init(_ db: Database) throws {
        isFilled = try PassTable(db: db).hasFinished(.backfill)
        if let row = try Row.fetchOne(db.cachedStatement(sql: SQL.waiting)) {
            unconfirmedObjects = row["objects"]
            unconfirmedSince = row["since"]
            failingReads = row["failing"]
        }
        for row in try Row.fetchAll(db.cachedStatement(sql: SQL.unsettled)) {
            switch Outcome(rawValue: row["outcome"]) {
            case .pending: pendingEvents = row["events"]
            case .failed: failedEvents = row["events"]
            case .applied, .duplicate, .superseded, .ignored, nil: break
            }
        }
        unverifiedSince = try Double.fetchOne(db.cachedStatement(sql: SQL.unverified))
        if let row = try Row.fetchOne(db.cachedStatement(sql: SQL.sync)) {
            heardAt = row["heard_at"]
            sweptAt = row["swept_at"]
        }
        if let row = try Row.fetchOne(db.cachedStatement(sql: SQL.verification)) {
            verifiedAt = row["finished"]
            driftedRows = row["drifted"]
        }
        replication = try ReplicationTable(db: db).state()
        databaseBytes = try Int.fetchOne(db.cachedStatement(sql: SQL.bytes)) ?? 0
    }
}
