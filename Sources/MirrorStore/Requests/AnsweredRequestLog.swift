internal import GRDB

/// The answers that signed-in users were given, as the mirror keeps them.
public struct AnsweredRequestLog: Sendable {
    /// How many of one user are kept: as many as a page that asks every few seconds gets in some minutes, and few enough
    /// that nobody fills the disk.
    static let capacity = 100

    private static let removalSQL = """
        DELETE FROM portal_requests WHERE rowid IN (
            SELECT rowid FROM portal_requests WHERE user_id = ? ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ?
        )
        """

    private let store: MirrorStore

    /// Reads and writes a store.
    public init(store: MirrorStore) {
        self.store = store
    }

    /// Keeps answers, all in one transaction; of each user only the newest are kept.
    ///
    /// - Parameter requests: The answers, the oldest first.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func append(_ requests: [AnsweredRequest]) async throws(MirrorError) {
        let sql = """
            INSERT INTO portal_requests (id, user_id, at, endpoint, code, customer, milliseconds)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """
        var counts: [UserID: Int] = [:]
        let newest = requests.reversed().filter { request in
            counts[UserID(stored: request.user), default: 0] += 1
            return counts[UserID(stored: request.user), default: 0] <= Self.capacity
        }
        let users = counts.keys
        try await store.write { db in
            let statement = try db.cachedStatement(sql: sql)
            for request in newest.reversed() {
                try statement.execute(arguments: [
                    request.id, request.user, request.at, request.endpoint, request.code, request.customer,
                    request.milliseconds,
                ])
            }
            let removal = try db.cachedStatement(sql: Self.removalSQL)
            for user in users {
                try removal.execute(arguments: [user.rawValue, Self.capacity])
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
