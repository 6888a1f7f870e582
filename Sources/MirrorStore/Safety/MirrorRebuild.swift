internal import FoundationEssentials
internal import GRDB
internal import SystemPackage

/// Begins a mirror anew in the place of one that is damaged: all of it can be filled from Stripe, except what the operator decided.
public enum MirrorRebuild {
    /// What was kept.
    public struct Report: Sendable, Hashable {
        /// Where the former file is now.
        public var formerPath: String
        /// How many decisions of the operator about links were brought over.
        public var decisions: Int
        /// Why not all of them could be read; nil where they could.
        public var unreadable: String?
        /// Whether the new file is of the former one's epoch in the replica, where there is one.
        public var knowsEpoch: Bool
    }

    private struct Decision {
        var user: UserID
        var customer: String
        var verdict: CustomerLinks.Verdict
        var decidedAt: Int64
    }

    /// Sets the file and its log aside and makes a new one, which holds the operator's decisions about links.
    ///
    /// - Parameters:
    ///   - path: The mirror.
    ///   - now: Unix seconds by this machine's clock; part of the former file's new name.
    /// - Returns: What was kept.
    /// - Throws: ``MirrorError``, also where another process has the file open, or a newer version wrote it.
    public static func run(at path: String, now: Double) throws(MirrorError) -> Report {
        guard FileManager.default.fileExists(atPath: path) else {
            throw .unusable(path: path, reason: "there is no such file; 'portald backfill' makes and fills one")
        }
        if FollowedFile.isFollowed(path) { throw .followed(path: path) }
        do {
            try refuseWhileInUse(path)
            var decisions: [Decision] = []
            let unreadable = readDecisions(at: path, into: &decisions)
            let replication = replicationState(at: path)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            let former = unusedName(path + ".damaged-\(Int64(now))")
            for suffix in ["-wal", "-shm", ""] where FileManager.default.fileExists(atPath: path + suffix) {
                try FileManager.default.moveItem(atPath: path + suffix, toPath: former + suffix)
            }
            let (store, _) = try MirrorStore.open(path: path)
            try store.pool.write { [decisions] db in
                try save(decisions, at: now, db)
                // The new file is the same primary's.
                if let replication {
                    try ReplicationTable(db: db)
                        .begin(replication.epoch, claim: replication.claim, at: replication.epochBeganAt)
                }
            }
            try store.close()
            // What Litestream has captured of the former file is no beginning for this one.
            try LitestreamFolder(database: path).remove()
            // The operator is root, and the daemon is not: the new file is whose the former was.
            let owner = attributes.filter { [.ownerAccountID, .groupOwnerAccountID].contains($0.key) }
            try FileManager.default.setAttributes(owner, ofItemAtPath: path)
            return Report(
                formerPath: former,
                decisions: decisions.count,
                unreadable: unreadable,
                knowsEpoch: replication != nil
            )
        } catch let error as CocoaError {
            throw .unusable(path: path, reason: "\(error)")
        } catch {
            throw MirrorError(error)
        }
    }

    /// Of two rebuilds within a second, the second does not meet what the first has set aside.
    private static func unusedName(_ name: String) -> String {
        var candidate = name
        var number = 1
        while ["", "-wal", "-shm"].contains(where: { FileManager.default.fileExists(atPath: candidate + $0) }) {
            number += 1
            candidate = "\(name)-\(number)"
        }
        return candidate
    }

    /// A connection in WAL mode holds a shared lock as long as it is open, which nobody's exclusive one goes with.
    /// https://www.sqlite.org/wal.html#use_of_wal_without_shared_memory
    private static func refuseWhileInUse(_ path: String) throws {
        let inUse = MirrorError.unusable(path: path, reason: "a program has it open; stop the daemon first")
        do {
            // SQLite reads the first page before it takes the lock, and where that is damaged would not come to it.
            guard try !DatabaseFile.isOpenElsewhere(path) else { throw inUse }
        } catch let error as Errno {
            throw MirrorError.unusable(path: path, reason: "\(error)")
        }
        do {
            var configuration = Configuration()
            // Before the file is first read: later it would only concern the log beside it.
            configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.inDatabase { db in
                if try Migrations.migrator.hasBeenSuperseded(db) { throw MirrorError.newerSchema(path: path) }
            }
            try queue.close()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            throw inUse
        } catch is DatabaseError {
            // Damage is what this is for.
        }
    }

    /// Nil where it cannot be read, and in a file from before there was such a thing.
    private static func replicationState(at path: String) -> ReplicationState? {
        var configuration = Configuration()
        configuration.readonly = true
        guard let queue = try? DatabaseQueue(path: path, configuration: configuration) else { return nil }
        return try? queue.read { db in try ReplicationTable(db: db).state() }
    }

    /// Reads as many as can be read; returns why it was not all.
    private static func readDecisions(at path: String, into decisions: inout [Decision]) -> String? {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            decisions = try queue.read { db in
                var found: [Decision] = []
                let sql = "SELECT customer, user_id, verdict, decided_at FROM link_decisions"
                let rows = try Row.fetchCursor(db, sql: sql)
                while let row = try rows.next() {
                    guard let verdict = CustomerLinks.Verdict(rawValue: row["verdict"]) else { continue }
                    found.append(
                        Decision(
                            user: UserID(stored: row["user_id"]),
                            customer: row["customer"],
                            verdict: verdict,
                            decidedAt: row["decided_at"]
                        )
                    )
                }
                return found
            }
            try queue.close()
            return nil
        } catch {
            return "\(MirrorError(error))"
        }
    }

    private static func save(_ decisions: [Decision], at now: Double, _ db: Database) throws {
        for decision in decisions {
            try LinkDecisionTable(db: db)
                .save(decision.verdict, decision.user, decision.customer, at: decision.decidedAt)
            let change: LinkChange = decision.verdict == .linked ? .linked : .unlinked
            try LinkLedgerTable(db: db).note(change, decision.user, decision.customer, at: now)
        }
    }
}
