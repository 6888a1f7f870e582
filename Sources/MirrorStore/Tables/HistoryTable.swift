internal import GRDB

/// `history`: what each row showed, and since when.
struct HistoryTable {
    let db: Database

    /// Notes what a row shows from now on.
    ///
    /// - Parameters:
    ///   - objectID: The row's object.
    ///   - kind: The object's kind.
    ///   - source: What brought the version that the row shows.
    ///   - sequence: The number of the step that changed the row.
    ///   - now: Unix seconds by this machine's clock.
    /// - Throws: GRDB's error where nothing was written.
    func note(
        _ objectID: String,
        kind: MirroredKind,
        source: ObjectState.Source,
        sequence: Int64,
        at now: Double
    ) throws {
        let row =
            switch kind {
            case .customer: "NULL, NULL, deleted, confirmed FROM customers"
            case .subscription: "status, customer, deleted, confirmed FROM subscriptions"
            }
        let statement = try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO history (object_id, sequence, at, source, status, customer, deleted, confirmed)
                SELECT id, ?, ?, ?, \(row) WHERE id = ?
                """
        )
        try statement.execute(arguments: [sequence, now, source.text, objectID])
    }
}
