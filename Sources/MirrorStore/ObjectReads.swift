internal import GRDB
internal import Stripe

/// The store's side of reads from Stripe: which objects want one, and what the replies do to the mirror.
///
/// Whether a reply counts is decided inside the transaction that writes it, from numbers that are in the file: commands
/// and the daemon are separate processes.
public struct ObjectReads: Sendable {
    private let store: MirrorStore
    private let metadataKey: String
    private let livemode: Bool
    private let apiVersion: String

    /// - Parameters:
    ///   - store: The mirror.
    ///   - metadataKey: The key of `metadata` that holds the operator's own id of the user.
    ///   - livemode: The mode of the mirror.
    ///   - apiVersion: The API version that the replies are rendered in.
    public init(store: MirrorStore, metadataKey: String, livemode: Bool, apiVersion: String) {
        self.store = store
        self.metadataKey = metadataKey
        self.livemode = livemode
        self.apiVersion = apiVersion
    }

    // MARK: Which objects want a read

    /// Objects of which a read is due, the longest due first.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func due(at now: Double, limit: Int) async throws(MirrorError) -> [ObjectReference] {
        let sql = "SELECT kind, object_id FROM object_states WHERE due_at <= ? ORDER BY due_at LIMIT ?"
        return try await store.read { db in
            let statement = try db.cachedStatement(sql: sql)
            return try Row.fetchAll(statement, arguments: [now, limit]).map(Self.reference)
        }
    }

    /// When the next read is due, Unix seconds by this machine's clock; nil where nothing waits.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func nextDue() async throws(MirrorError) -> Double? {
        try await store.read { db in
            try Double.fetchOne(
                db,
                sql: "SELECT due_at FROM object_states WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1"
            )
        }
    }

    /// Objects that no reply has agreed with since a time, by their ids.
    ///
    /// - Parameters:
    ///   - time: Unix seconds by this machine's clock.
    ///   - cursor: The id after which to begin.
    ///   - limit: How many at most.
    /// - Returns: Objects that are not deleted.
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func unchecked(
        since time: Double,
        after cursor: String?,
        limit: Int
    ) async throws(MirrorError) -> [ObjectReference] {
        let sql = """
            SELECT kind, object_id FROM object_states
            WHERE checked_at < ? AND NOT deleted AND object_id > ?
            ORDER BY object_id LIMIT ?
            """
        return try await store.read { db in
            try Row.fetchAll(db, sql: sql, arguments: [time, cursor ?? "", limit]).map(Self.reference)
        }
    }

    /// Whether events of an object wait, so that no comparison can tell anything of it.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func isWaiting(_ objectID: String) async throws(MirrorError) -> Bool {
        try await store.read { db in
            let sql = "SELECT EXISTS (SELECT 1 FROM object_states WHERE object_id = ? AND due_at IS NOT NULL)"
            return try Bool.fetchOne(db.cachedStatement(sql: sql), arguments: [objectID]) ?? false
        }
    }

    /// Lets what waits begin its grace anew, as after a time in which events could not come in, or a jump of the clock.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func resume(at now: Double) async throws(MirrorError) {
        let began = ContinuousClock.now
        let latest = try await store.write { db in
            try ObjectStateTable(db: db).resume(at: now)
            return try SyncStateTable(db: db).latestAt()
        }
        guard let latest, latest > now else { return }
        // The clock was set back, which is rare, and the table may be long.
        _ = try await ObjectStateTable.future.run(at: now, in: store)
        guard !Task.isCancelled else { return }
        let end = now + (ContinuousClock.now - began) / .seconds(1)
        try await store.write { db in try SyncStateTable(db: db).setLatest(end) }
    }

    /// Asks for a read of an object at once, as where Stripe says that it knows no such object.
    ///
    /// - Parameters:
    ///   - object: The object; a deleted customer is left alone.
    ///   - now: Unix seconds by this machine's clock.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func request(_ object: ObjectReference, at now: Double) async throws(MirrorError) {
        try await write { transaction in
            let objects = transaction.objects
            let record = try ObjectStateTable(db: objects.db).load(object.id, kind: object.kind)
            var rule = try objects.rule(over: record, knowing: [], at: now)
            // The grace is for events on their way, and this waits for none.
            rule.requestRead(created: Int64(now), at: now - FastForward.grace)
            let arrival = ObjectTransaction.Arrival(
                source: .read(rule.sequence),
                object: nil,
                apiVersion: nil,
                at: now
            )
            try objects.write(rule, over: record, of: object.id, arrival)
        }
    }

    // MARK: Before a request, and after its reply

    /// What has to be taken before a request is sent.
    ///
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func token(at now: Double) async throws(MirrorError) -> ObjectRead.Token {
        try await store.read { db in
            ObjectRead.Token(sequence: try SyncStateTable(db: db).sequence(), sentAt: now)
        }
    }

    /// Takes in the reply to a `GET`.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func finish(
        _ reply: ObjectReply,
        for purpose: ObjectRead.Purpose,
        at now: Double
    ) async throws(MirrorError) -> ObjectRead.Outcome {
        let outcome = try await write { try $0.finish(reply, for: purpose, at: now) }
        announce([reply])
        return outcome
    }

    /// Takes in a page of a backfill, and how far the backfill has come with it.
    ///
    /// - Parameters:
    ///   - page: What the list showed.
    ///   - pass: The pass as it was before the page.
    ///   - next: The pass with the page.
    ///   - now: Unix seconds by this machine's clock.
    /// - Returns: Ids of objects that the mirror's bookkeeping does not allow to be written; nil where another process has
    ///   moved the pass on meanwhile. Then nothing was written: two reads of one object at a time would drop each other.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func fill(
        _ page: [ObjectReply],
        moving pass: Pass,
        to next: Pass,
        at now: Double
    ) async throws(MirrorError) -> [String]? {
        let refused = try await write { transaction -> [String]? in
            let db = transaction.objects.db
            let passes = PassTable(db: db)
            guard try passes.unfinished(pass.purpose) == pass else { return nil }
            var refused: [String] = []
            for reply in page {
                // One object must not keep the backfill from its end.
                try db.inSavepoint {
                    do {
                        _ = try transaction.finish(reply, for: .backfill, at: now)
                        return .commit
                    } catch MirrorError.inconsistent {
                        refused.append(reply.object.id)
                        return .rollback
                    }
                }
            }
            try passes.save(next)
            return refused
        }
        announce(page)
        return refused
    }

    /// Compares rows with what Stripe answered; rows that agree are marked as checked.
    ///
    /// - Parameters:
    ///   - replies: What Stripe answered.
    ///   - isRepairing: Whether a row that differs is to show the reply afterwards.
    ///   - now: Unix seconds by this machine's clock.
    /// - Returns: A verdict for each reply, in order.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func verify(
        _ replies: [ObjectReply],
        repairing isRepairing: Bool,
        at now: Double
    ) async throws(MirrorError) -> [Verdict] {
        let verdicts = try await write { transaction in
            try replies.map { try transaction.verify($0, repairing: isRepairing, at: now) }
        }
        announce(replies)
        return verdicts
    }

    /// Notes that a read failed, and puts the next one off.
    ///
    /// - Parameters:
    ///   - objectID: The object.
    ///   - due: When to try again, Unix seconds by this machine's clock.
    ///   - reason: Why it failed, for the operator; without anything personal.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func postpone(_ objectID: String, until due: Double, because reason: String) async throws(MirrorError) {
        try await write { transaction in
            try ObjectStateTable(db: transaction.objects.db).postpone(objectID, until: due, because: reason)
        }
    }

    // MARK: -

    private func announce(_ replies: [ObjectReply]) {
        store.arrivals.announce(replies.map(\.object.id))
    }

    private static func reference(_ row: Row) throws -> ObjectReference {
        guard let kind = MirroredKind(rawValue: row["kind"]) else {
            throw MirrorError.inconsistent("object of unknown kind")
        }
        return ObjectReference(kind: kind, id: row["object_id"])
    }

    private func write<Value: Sendable>(
        _ body: @Sendable (ReadTransaction) throws -> Value
    ) async throws(MirrorError) -> Value {
        try await store.write { db in
            let objects = ObjectTransaction(db: db, metadataKey: metadataKey, livemode: livemode)
            return try body(ReadTransaction(objects: objects, apiVersion: apiVersion))
        }
    }
}
