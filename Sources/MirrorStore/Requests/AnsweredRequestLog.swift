internal import GRDB

/// The answers that signed-in users were given, as the mirror keeps them.
public struct AnsweredRequestLog: Sendable {
    /// How many answers of an endpoint to one user are kept: nobody fills the disk, and a page that asks every few seconds
    /// for the plan leaves what was said of the portal.
    static let capacity = 100

    private struct Series: Hashable {
        let user: UserID
        let endpoint: String

        init(_ request: AnsweredRequest) {
            user = UserID(stored: request.user)
            endpoint = request.endpoint
        }
    }

    private static let removalSQL = """
        DELETE FROM portal_requests WHERE rowid IN (
            SELECT rowid FROM portal_requests WHERE user_id = ? AND endpoint = ? ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ?
        )
        """

    private let store: MirrorStore

    /// Reads and writes a store.
    public init(store: MirrorStore) {
        self.store = store
    }

    /// Keeps answers, all in one transaction; of each endpoint's to one user only the newest are kept.
    ///
    /// - Parameter requests: The answers, the oldest first.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func append(_ requests: [AnsweredRequest]) async throws(MirrorError) {
        let sql = """
            INSERT INTO portal_requests (id, user_id, at, endpoint, code, customer, milliseconds)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """
        var counts: [Series: Int] = [:]
        let newest = requests.reversed().filter { request in
            counts[Series(request), default: 0] += 1
            return counts[Series(request), default: 0] <= Self.capacity
        }
        let series = counts.keys
        try await store.write { db in
            let statement = try db.cachedStatement(sql: sql)
            for request in newest.reversed() {
                try statement.execute(arguments: [
                    request.id, request.user, request.at, request.endpoint, request.code, request.customer,
                    request.milliseconds,
                ])
            }
            let removal = try db.cachedStatement(sql: Self.removalSQL)
            for series in series {
                try removal.execute(arguments: [series.user.rawValue, series.endpoint, Self.capacity])
            }
        }
    }

    /// One answer by its id; nil where none of this id is kept.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func request(_ id: String) async throws(MirrorError) -> AnsweredRequest? {
        try await store.read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM portal_requests WHERE id = ?", arguments: [id])
                .map(AnsweredRequest.init)
        }
    }
}
