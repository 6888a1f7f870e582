internal import GRDB

/// All that the status page tells of the mirror, at one moment.
public struct MirrorReport: Sendable, Hashable {
    /// What it holds, and how current it is.
    public var status: MirrorStatus
    /// The last hour, by the minute.
    public var hour: Activity
    /// The last day, by the quarter of an hour.
    public var day: Activity
    /// The latest events that wait or could not be applied.
    public var unsettled: [EventLog.Entry]
    /// The first customers that more than one user claims, with the claims.
    public var conflicts: [[UserLink]]
    /// When it was read, Unix seconds by this machine's clock.
    public var time: Double

    /// How many events are named.
    public static let named = 20

    /// Reads one snapshot; on a mirror of millions of rows this takes seconds, unless it is given the totals.
    ///
    /// - Parameters:
    ///   - store: The mirror.
    ///   - totals: Those of an earlier count, to be told again; nil to count.
    ///   - now: Unix seconds by this machine's clock.
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public init(of store: MirrorStore, totals: MirrorTotals? = nil, now: Double) async throws(MirrorError) {
        self = try await store.read { db in try MirrorReport(db, path: store.path, totals: totals, now: now) }
        status.isFollowed = store.followed != nil
    }

    private init(_ db: Database, path: String, totals: MirrorTotals?, now: Double) throws {
        let activity = ActivityTable(db: db)
        let all = try totals ?? MirrorTotals(db)
        status = try MirrorStatus(db, path: path, totals: all, countsEvents: totals == nil, now: now)
        hour = try activity.activity(intervals: 60, ofMinutes: 1, until: now)
        day = try activity.activity(intervals: 96, ofMinutes: 15, until: now)
        unsettled = try EventLog.unsettled(limit: Self.named, db)
        let links = LinkDecisionTable(db: db)
        conflicts = try all.conflicting.map { try links.links(of: $0).links.filter { $0.standing == .conflict } }
        time = now
    }
}
