internal import GRDB

/// The answers that signed-in users were given, as the mirror keeps them.
public struct AnsweredRequestLog: Sendable {
    private let store: MirrorStore

    /// Reads and writes a store.
    public init(store: MirrorStore) {
        self.store = store
    }

    /// Keeps answers, all in one transaction.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func append(_ requests: [AnsweredRequest]) async throws(MirrorError) {
        let sql = """
            INSERT INTO portal_requests (id, user_id, at, endpoint, code, customer, milliseconds)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """
        try await store.write { db in
            let statement = try db.cachedStatement(sql: sql)
            for request in requests {
                try statement.execute(arguments: [
                    request.id, request.user, request.at, request.endpoint, request.code, request.customer,
                    request.milliseconds,
                ])
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
