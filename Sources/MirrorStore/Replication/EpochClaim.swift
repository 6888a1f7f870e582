internal import FoundationEssentials
internal import GRDB

/// Who claims to be the primary of an epoch: a database of one row, so that Litestream can carry it to the replica.
public struct EpochClaim: Sendable, Hashable {
    /// The epoch, counted from 1.
    public var epoch: Int
    /// Made up for this claim, so that it is told from any other.
    public var token: String
    /// The name of the machine, for people.
    public var host: String
    /// When it was made, Unix seconds by that machine's clock.
    public var claimedAt: Double

    /// Makes up a claim.
    ///
    /// - Parameters:
    ///   - epoch: The epoch, counted from 1.
    ///   - host: The name of this machine.
    ///   - now: Unix seconds by this machine's clock.
    ///   - token: What it was made with before, to make it again.
    public init(epoch: Int, host: String, at now: Double, token: String? = nil) {
        self.epoch = epoch
        self.token = token ?? UUID().uuidString
        self.host = host
        claimedAt = now
    }

    private static let schema =
        "CREATE TABLE claim (epoch INTEGER NOT NULL, token TEXT NOT NULL, host TEXT NOT NULL, claimed_at REAL NOT NULL) STRICT"

    /// Writes it to a new database.
    ///
    /// - Throws: ``MirrorError`` where it cannot be written.
    public func write(to path: String) throws(MirrorError) {
        do {
            let queue = try DatabaseQueue(path: path)
            try queue.inDatabase { db in
                // Litestream reads the log.
                try db.execute(sql: "PRAGMA journal_mode = WAL")
                try db.execute(sql: Self.schema)
                try db.execute(
                    sql: "INSERT INTO claim VALUES (?, ?, ?, ?)",
                    arguments: [epoch, token, host, claimedAt]
                )
            }
            try queue.close()
        } catch {
            throw MirrorError(error)
        }
    }

    /// Reads it from a database that it was written to.
    ///
    /// - Throws: ``MirrorError`` where it is no such database.
    public init(from path: String) throws(MirrorError) {
        do {
            let queue = try DatabaseQueue(path: path)
            let row = try queue.read { db in try Row.fetchOne(db, sql: "SELECT * FROM claim") }
            try queue.close()
            guard let row else { throw MirrorError.inconsistent("the claim of an epoch has no row") }
            epoch = row["epoch"]
            token = row["token"]
            host = row["host"]
            claimedAt = row["claimed_at"]
        } catch {
            throw MirrorError(error)
        }
    }
}
