internal import GRDB

/// `passes`: walks through all that Stripe lists.
struct PassTable {
    let db: Database

    /// The latest pass of a purpose that has not finished.
    func unfinished(_ purpose: Pass.Purpose) throws -> Pass? {
        let sql = "SELECT * FROM passes WHERE purpose = ? AND finished_at IS NULL ORDER BY id DESC LIMIT 1"
        return try Row.fetchOne(db, sql: sql, arguments: [purpose.rawValue]).map(pass)
    }

    /// The latest pass of a purpose that has finished.
    func finished(_ purpose: Pass.Purpose) throws -> Pass? {
        let sql = "SELECT * FROM passes WHERE purpose = ? AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1"
        return try Row.fetchOne(db, sql: sql, arguments: [purpose.rawValue]).map(pass)
    }

    /// Begins a pass, unless one is under way: of two processes that begin at a time, one follows the other.
    func begin(_ purpose: Pass.Purpose, at now: Double, date: Int64) throws -> Pass {
        if let begun = try unfinished(purpose) {
            return begun
        }
        try db.execute(
            sql: "INSERT INTO passes (purpose, began_at, began_date, stage) VALUES (?, ?, ?, ?)",
            arguments: [purpose.rawValue, now, date, Pass.Stage.customers.rawValue]
        )
        guard let pass = try unfinished(purpose) else { throw MirrorError.inconsistent("a pass was not kept") }
        return pass
    }

    func save(_ pass: Pass) throws {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE passes SET stage = ?, cursor = ?, customers = ?, subscriptions = ?, drifted = ? WHERE id = ?
                """
        )
        try statement.execute(arguments: [
            pass.stage.rawValue, pass.cursor, pass.customers, pass.subscriptions, pass.drifted, pass.id,
        ])
    }

    /// Ends a pass; one of each purpose is kept, for the operator.
    func finish(_ pass: Pass, at now: Double) throws {
        try save(pass)
        try db.execute(sql: "UPDATE passes SET finished_at = ? WHERE id = ?", arguments: [now, pass.id])
        try db.execute(
            sql: "DELETE FROM passes WHERE purpose = ? AND id < ? AND finished_at IS NOT NULL",
            arguments: [pass.purpose.rawValue, pass.id]
        )
        if pass.purpose == .backfill {
            try db.execute(
                sql: "UPDATE sync_state SET swept_to = max(coalesce(swept_to, 0), ?)",
                arguments: [pass.beganDate]
            )
            try SyncStateTable(db: db).markHeard(at: now)
        }
    }

    /// Whether a pass of a purpose has ever finished.
    func hasFinished(_ purpose: Pass.Purpose) throws -> Bool {
        let sql = "SELECT EXISTS (SELECT 1 FROM passes WHERE purpose = ? AND finished_at IS NOT NULL)"
        return try Bool.fetchOne(db.cachedStatement(sql: sql), arguments: [purpose.rawValue]) ?? false
    }

    private func pass(_ row: Row) throws -> Pass {
        guard let purpose = Pass.Purpose(rawValue: row["purpose"]), let stage = Pass.Stage(rawValue: row["stage"])
        else {
            throw MirrorError.inconsistent("pass of unknown kind")
        }
        return Pass(
            id: row["id"],
            purpose: purpose,
            beganAt: row["began_at"],
            beganDate: row["began_date"],
            stage: stage,
            cursor: row["cursor"],
            customers: row["customers"],
            subscriptions: row["subscriptions"],
            drifted: row["drifted"]
        )
    }
}
