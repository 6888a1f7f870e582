internal import GRDB

/// `sync_state`: what the mirror remembers that is of no single object.
struct SyncStateTable {
    let db: Database

    /// What a step of ``FastForward`` has to know beside its object.
    struct Step {
        /// The step's number.
        var sequence: Int64
        /// Unix seconds; edges older than this may have been forgotten.
        var forgottenBefore: Int64
    }

    /// Counts one step further, taken at a time by this machine's clock in Unix seconds.
    func nextStep(at now: Double) throws -> Step {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE sync_state SET sequence = sequence + 1, latest_at = max(coalesce(latest_at, :now), :now)
                WHERE id = 1 RETURNING sequence, forgotten_before
                """
        )
        guard let row = try Row.fetchOne(statement, arguments: ["now": now]) else {
            throw MirrorError.inconsistent("sync_state has no row")
        }
        return Step(sequence: row["sequence"], forgottenBefore: row["forgotten_before"] ?? .min)
    }

    /// The last step's number.
    func sequence() throws -> Int64 {
        guard let sequence = try Int64.fetchOne(db.cachedStatement(sql: "SELECT sequence FROM sync_state WHERE id = 1"))
        else {
            throw MirrorError.inconsistent("sync_state has no row")
        }
        return sequence
    }

    /// The latest time that a step was taken at; more than the clock shows where it was set back.
    func latestAt() throws -> Double? {
        try Double.fetchOne(db.cachedStatement(sql: "SELECT latest_at FROM sync_state WHERE id = 1"))
    }

    /// Notes that nothing of the mirror is later than a time.
    func setLatest(_ time: Double) throws {
        try db.cachedStatement(sql: "UPDATE sync_state SET latest_at = ? WHERE id = 1").execute(arguments: [time])
    }

    /// Notes that Stripe was heard from, Unix seconds by this machine's clock.
    func markHeard(at now: Double) throws {
        try db.cachedStatement(sql: "UPDATE sync_state SET heard_at = ? WHERE id = 1").execute(arguments: [now])
    }

    /// When Stripe was last heard from; nil where it never was.
    func heardAt() throws -> Double? {
        try Double.fetchOne(db.cachedStatement(sql: "SELECT heard_at FROM sync_state WHERE id = 1"))
    }

    func requestSweep() throws {
        try db.cachedStatement(sql: "UPDATE sync_state SET sweep_requested = 1 WHERE id = 1").execute()
    }
}
