internal import GRDB

/// Deletes rows of a table that has no index for them: slice after slice of its primary key, each in a transaction of its
/// own, and none where a slice has nothing to delete.
struct PrimaryKeyWalk: Sendable {
    /// The table.
    var table: String
    /// The columns of the primary key, in order.
    var key: [String]
    /// A key less than any.
    var start: [DatabaseValue]
    /// Which rows of the table, called `old`, are to be deleted; `:before` is the time that is given.
    var condition: String
    /// Notes in the transaction of a deletion, ahead of it, that rows are gone; `:before` is the time that is given.
    var mark: String?
    /// Whether rows that come later in the key came in later, so that the walk may end with the first slice that is too
    /// young as a whole.
    var isChronological = false

    /// Rows of a slice; a slice is what one transaction looks at.
    static let sliceSize = 500

    /// Deletes the rows; what is left when the task is cancelled is left to the next walk.
    ///
    /// - Returns: How many were deleted.
    func delete(before time: Int64, in store: MirrorStore) async throws(MirrorError) -> Int {
        var deleted = 0
        var lower = start
        while !Task.isCancelled {
            let from = lower
            let (end, isDue) = try await store.read { db in try look(from: from, before: time, db) }
            if isDue {
                deleted += try await store.write { db in
                    try delete(from: from, to: end, before: time, db)
                }
            }
            guard let end, isDue || !isChronological else { break }
            lower = end
            await Task.yield()
        }
        return deleted
    }

    // MARK: SQL

    private var columns: String { "(" + key.map { "old.\($0)" }.joined(separator: ", ") + ")" }

    private func parameters(_ prefix: String) -> String {
        "(" + key.map { ":\(prefix)_\($0)" }.joined(separator: ", ") + ")"
    }

    var boundarySQL: String {
        let names = key.map { "old.\($0)" }.joined(separator: ", ")
        return """
            SELECT \(names) FROM \(table) AS old WHERE \(columns) > \(parameters("from"))
            ORDER BY \(names) LIMIT 1 OFFSET \(Self.sliceSize - 1)
            """
    }

    private func slice(isLast: Bool) -> String {
        let end = isLast ? "" : " AND \(columns) <= \(parameters("to"))"
        return "\(table) AS old WHERE \(columns) > \(parameters("from"))\(end) AND \(condition)"
    }

    func existsSQL(isLast: Bool) -> String { "SELECT EXISTS (SELECT 1 FROM \(slice(isLast: isLast)))" }

    func deleteSQL(isLast: Bool) -> String { "DELETE FROM \(slice(isLast: isLast))" }

    /// Where the slice ends, nil for the table's end, and whether it holds something to delete.
    private func look(
        from: [DatabaseValue],
        before time: Int64,
        _ db: Database
    ) throws -> (end: [DatabaseValue]?, isDue: Bool) {
        let boundary = try db.cachedStatement(sql: boundarySQL)
        let row = try Row.fetchOne(boundary, arguments: arguments(from: from, to: nil, before: nil))
        let end = row.map { Array($0.databaseValues) }
        let exists = try db.cachedStatement(sql: existsSQL(isLast: end == nil))
        let isDue = try Bool.fetchOne(exists, arguments: arguments(from: from, to: end, before: time)) ?? false
        return (end, isDue)
    }

    private func delete(
        from: [DatabaseValue],
        to end: [DatabaseValue]?,
        before time: Int64,
        _ db: Database
    ) throws -> Int {
        if let mark {
            try db.cachedStatement(sql: mark).execute(arguments: ["before": time])
        }
        try db.cachedStatement(sql: deleteSQL(isLast: end == nil))
            .execute(arguments: arguments(from: from, to: end, before: time))
        return db.changesCount
    }

    private func arguments(from: [DatabaseValue], to end: [DatabaseValue]?, before time: Int64?) -> StatementArguments {
        var values: [String: (any DatabaseValueConvertible)?] = [:]
        for (name, value) in zip(key, from) { values["from_\(name)"] = value }
        for (name, value) in zip(key, end ?? []) { values["to_\(name)"] = value }
        if let time { values["before"] = time }
        return StatementArguments(values)
    }
}
