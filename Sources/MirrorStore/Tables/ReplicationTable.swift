internal import GRDB

/// `replication`: which primary wrote the file, and when it last did.
struct ReplicationTable {
    let db: Database

    /// Statements by what they do; a test reads their query plans.
    enum SQL {
        static let heartbeat = "SELECT heartbeat_at FROM replication WHERE id = 1"
        static let state = "SELECT * FROM replication WHERE id = 1"
        static let beat = "UPDATE replication SET heartbeat_at = ?, heartbeat_interval = ? WHERE id = 1"
        static let all = [heartbeat, state, beat]
    }

    /// When the primary last said that it is alive, Unix seconds by its clock; nil where it never did.
    func heartbeatAt() throws -> Double? {
        try Double.fetchOne(db.cachedStatement(sql: SQL.heartbeat))
    }

    func beat(at now: Double, every interval: Double) throws {
        try db.cachedStatement(sql: SQL.beat).execute(arguments: [now, interval])
    }

    func state() throws -> ReplicationState {
        guard let row = try Row.fetchOne(db.cachedStatement(sql: SQL.state)) else {
            throw MirrorError.inconsistent("replication has no row")
        }
        return ReplicationState(
            epoch: row["epoch"],
            claim: row["claim"],
            epochBeganAt: row["epoch_began_at"],
            heartbeatAt: row["heartbeat_at"],
            heartbeatInterval: row["heartbeat_interval"]
        )
    }

    /// Notes with what the present epoch was claimed in the replica.
    func setClaim(_ claim: String?) throws {
        try db.execute(sql: "UPDATE replication SET claim = ? WHERE id = 1", arguments: [claim])
    }

    /// Begins an epoch: the mirror is another primary's from here on.
    func begin(_ epoch: Int, claim: String?, at now: Double?) throws {
        try db.execute(
            sql: "UPDATE replication SET epoch = ?, claim = ?, epoch_began_at = ? WHERE id = 1",
            arguments: [epoch, claim, now]
        )
    }
}
