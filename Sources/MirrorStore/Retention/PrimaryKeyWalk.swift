internal import GRDB

/// Deletes or changes rows of a table that has no index for them: slice after slice of its primary key, each in a transaction
/// of its own, and none where a slice has no such row.
struct PrimaryKeyWalk: Sendable {
    /// The table.
    var table: String
    /// The columns of the primary key, in order.
    var key: [String]
    /// A key less than any.
    var start: [DatabaseValue]
    /// Which rows of the table, called `old`; `:time` is the time that is given.
    var condition: String
    /// What becomes of them.
    var change = Change.delete
    /// Notes in the transaction of a deletion, ahead of it, that rows are gone; `:time` is the time that is given.
    var mark: String?
    /// Whether rows that come later in the key came in later, so that the walk may end with the first slice that is too
    /// young as a whole.
    var isChronological = false

    /// What becomes of rows.
    enum Change: Sendable {
        case delete
        /// Columns get other values, after which the condition no longer holds.
        case set(String)
    }

    /// Rows of a slice; a slice is what one transaction looks at.
    static let sliceSize = 500

    /// Walks once; what is left when the task is cancelled is left to the next walk.
    ///
    /// - Returns: How many rows were deleted or changed.
    func run(at time: some DatabaseValueConvertible, in store: MirrorStore) async throws(MirrorError) -> Int {
        let time = time.databaseValue
        var count = 0
        var lower = start
        while !Task.isCancelled {
            let from = lower
            let (end, isDue) = try await store.read { db in try look(from: from, at: time, db) }
            if isDue {
                count += try await store.write { db in
                    try change(from: from, to: end, at: time, db)
                }
            }
            guard let end, isDue || !isChronological else { break }
            lower = end
            await Task.yield()
        }
        return count
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
        return "\(columns) > \(parameters("from"))\(end) AND \(condition)"
    }

    func existsSQL(isLast: Bool) -> String {
        "SELECT EXISTS (SELECT 1 FROM \(table) AS old WHERE \(slice(isLast: isLast)))"
    }

    func changeSQL(isLast: Bool) -> String {
        switch change {
        case .delete: "DELETE FROM \(table) AS old WHERE \(slice(isLast: isLast))"
        case .set(let assignments): "UPDATE \(table) AS old SET \(assignments) WHERE \(slice(isLast: isLast))"
        }
    }

    /// Where the slice ends, nil for the table's end, and whether it holds such a row.
    private func look(
        from: [DatabaseValue],
        at time: DatabaseValue,
        _ db: Database
    ) throws -> (end: [DatabaseValue]?, isDue: Bool) {
        let boundary = try db.cachedStatement(sql: boundarySQL)
        let row = try Row.fetchOne(boundary, arguments: arguments(from: from, to: nil, at: nil))
        let end = row.map { Array($0.databaseValues) }
        let exists = try db.cachedStatement(sql: existsSQL(isLast: end == nil))
        let isDue = try Bool.fetchOne(exists, arguments: arguments(from: from, to: end, at: time)) ?? false
        return (end, isDue)
    }

    private func change(
        from: [DatabaseValue],
        to end: [DatabaseValue]?,
        at time: DatabaseValue,
        _ db: Database
    ) throws -> Int {
        if let mark {
            try db.cachedStatement(sql: mark).execute(arguments: ["time": time])
        }
        try db.cachedStatement(sql: changeSQL(isLast: end == nil))
            .execute(arguments: arguments(from: from, to: end, at: time))
        return db.changesCount
    }

    private func arguments(from: [DatabaseValue], to end: [DatabaseValue]?, at time: DatabaseValue?)
        -> StatementArguments
    {
        var values: [String: (any DatabaseValueConvertible)?] = [:]
        for (name, value) in zip(key, from) { values["from_\(name)"] = value }
        for (name, value) in zip(key, end ?? []) { values["to_\(name)"] = value }
        if let time { values["time"] = time }
        return StatementArguments(values)
    }
}
