internal import FoundationEssentials
internal import GRDB
internal import Stripe

/// `object_states` and `pending_events`: what ``FastForward`` remembers of each object.
struct ObjectStateTable {
    let db: Database

    /// An object's state, and the proven object where the row shows another.
    struct Record {
        var state: ObjectState
        var provenObject: String?
        /// The API version that the proven version is rendered in.
        var apiVersion: String?
    }

    func load(_ objectID: String, kind: MirroredKind) throws -> Record {
        let statement = try db.cachedStatement(sql: "SELECT * FROM object_states WHERE object_id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [objectID]) else {
            return Record(state: ObjectState(kind: kind))
        }
        guard row["kind"] == kind.rawValue else {
            throw MirrorError.inconsistent("\(objectID) is known as a \(row["kind"] as String)")
        }
        var state = ObjectState(kind: kind)
        state.proven = version(row["proven"], row["proven_by"])
        state.shown = version(row["shown"], row["shown_by"])
        state.shownCreated = row["shown_created"]
        state.isEnded = row["ended"]
        state.isDeleted = row["deleted"]
        state.readDate = row["read_date"]
        state.sequence = row["sequence"]
        state.lastReceived = row["last_received"]
        state.pendingSince = row["pending_since"]
        if state.pendingSince != nil {
            state.pending = try loadPending(objectID)
        }
        return Record(state: state, provenObject: row["proven_object"], apiVersion: row["api_version"])
    }

    func isDeleted(_ objectID: String) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT deleted FROM object_states WHERE object_id = ?")
        return try Bool.fetchOne(statement, arguments: [objectID]) ?? false
    }

    /// Whether the object is of that kind, as far as is known.
    func isKnown(_ objectID: String, as kind: MirroredKind) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT kind FROM object_states WHERE object_id = ?")
        let known = try String.fetchOne(statement, arguments: [objectID])
        return known == nil || known == kind.rawValue
    }

    func save(_ record: Record, of objectID: String, before: ObjectState, at now: Double) throws {
        let state = record.state
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO object_states (
                    object_id, kind, proven, proven_by, proven_object, shown, shown_by, shown_created, ended, deleted,
                    read_date, sequence, last_received, pending_since, due_at, api_version, checked_at
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (object_id) DO UPDATE SET
                    proven = excluded.proven, proven_by = excluded.proven_by, proven_object = excluded.proven_object,
                    shown = excluded.shown, shown_by = excluded.shown_by, shown_created = excluded.shown_created,
                    ended = excluded.ended, deleted = excluded.deleted, read_date = excluded.read_date,
                    sequence = excluded.sequence, last_received = excluded.last_received,
                    pending_since = excluded.pending_since, due_at = excluded.due_at,
                    api_version = excluded.api_version
                """
        )
        try statement.execute(arguments: [
            objectID, state.kind.rawValue,
            state.proven?.revision.data, state.proven?.source.text, record.provenObject,
            state.shown?.revision.data, state.shown?.source.text, state.shownCreated,
            state.isEnded, state.isDeleted, state.readDate, state.sequence, state.lastReceived, state.pendingSince,
            state.nextRead, record.apiVersion, now,
        ])
        if state.pending.starts(with: before.pending) {
            try insert(state.pending.dropFirst(before.pending.count), of: objectID)
        } else {
            try deletePending(of: objectID)
            try insert(state.pending[...], of: objectID)
        }
    }

    /// Notes that a reply of Stripe's agreed with the object.
    func markChecked(_ objectID: String, at now: Double) throws {
        try db.cachedStatement(sql: "UPDATE object_states SET checked_at = ?, read_error = NULL WHERE object_id = ?")
            .execute(arguments: [now, objectID])
    }

    /// Objects that an event came in of later than the clock shows, since it was set back: until that time has come, no read
    /// of them would count.
    static let future = PrimaryKeyWalk(
        table: "object_states",
        key: ["object_id"],
        start: ["".databaseValue],
        condition: "old.last_received > :time",
        change: .set("last_received = :time")
    )

    /// Does ``FastForward/resume(at:)`` to all objects at once: after an outage very many may wait.
    func resume(at now: Double) throws {
        try db.execute(
            sql: """
                UPDATE object_states SET pending_since = ?, last_received = ?, due_at = ? WHERE due_at IS NOT NULL
                """,
            arguments: [now, now, now + FastForward.grace]
        )
    }

    /// Puts the object's next read off after one that failed.
    func postpone(_ objectID: String, until due: Double, because error: String) throws {
        try db.cachedStatement(
            sql: """
                UPDATE object_states SET read_error = ?, due_at = CASE WHEN due_at IS NULL THEN NULL ELSE ? END
                WHERE object_id = ?
                """
        ).execute(arguments: [error, due, objectID])
    }

    private func version(_ revision: Data?, _ source: String?) -> ObjectState.Version? {
        guard let revision = revision.flatMap(Revision.init(data:)), let source else { return nil }
        return ObjectState.Version(revision: revision, source: ObjectState.Source(text: source))
    }

    // MARK: Pending events

    private func loadPending(_ objectID: String) throws -> [ObjectState.Pending] {
        let statement = try db.cachedStatement(
            sql: "SELECT * FROM pending_events WHERE object_id = ? ORDER BY position"
        )
        return try Row.fetchAll(statement, arguments: [objectID]).map { row in
            let change = Change(
                event: row["event"],
                kind: try kind(row),
                revision: (row["revision"] as Data?).flatMap(Revision.init(data:)),
                isEnded: row["ended"],
                isComplete: row["complete"],
                created: row["created"],
                request: row["request"],
                snapshotEvent: row["snapshot_event"]
            )
            return ObjectState.Pending(change: change, isBarred: row["barred"])
        }
    }

    private func deletePending(of objectID: String) throws {
        try db.cachedStatement(sql: "DELETE FROM pending_events WHERE object_id = ?").execute(arguments: [objectID])
    }

    private func insert(_ pending: ArraySlice<ObjectState.Pending>, of objectID: String) throws {
        guard !pending.isEmpty else { return }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO pending_events (
                    object_id, event, kind, parent, parent_ended, revision, ended, complete, created, request, barred,
                    snapshot_event
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        )
        for entry in pending {
            let change = entry.change
            let (kind, parent, parentEnded) = columns(of: change.kind)
            try statement.execute(arguments: [
                objectID, change.event, kind, parent?.data, parentEnded, change.revision?.data, change.isEnded,
                change.isComplete, change.created, change.request, entry.isBarred, change.snapshotEvent,
            ])
        }
    }

    private func columns(of kind: Change.Kind) -> (kind: String, parent: Revision?, parentEnded: Bool) {
        switch kind {
        case .created: ("created", nil, false)
        case .updated(let parent, let parentEnded): ("updated", parent, parentEnded)
        case .deleted: ("deleted", nil, false)
        case .check: ("check", nil, false)
        case .thin: ("thin", nil, false)
        }
    }

    private func kind(_ row: Row) throws -> Change.Kind {
        switch (row["kind"] as String, (row["parent"] as Data?).flatMap(Revision.init(data:))) {
        case ("created", _): .created
        case ("updated", let parent?): .updated(parent: parent, parentEnded: row["parent_ended"])
        case ("deleted", _): .deleted
        case ("check", _): .check
        case ("thin", _): .thin
        case (let kind, _): throw MirrorError.inconsistent("pending event of kind '\(kind)'")
        }
    }
}

extension ObjectState.Source {
    private static let readPrefix = "read/"

    /// An event's id, or `read/` and the sequence number.
    var text: String {
        switch self {
        case .event(let id): id
        case .read(let sequence): Self.readPrefix + String(sequence)
        }
    }

    init(text: String) {
        if text.hasPrefix(Self.readPrefix), let sequence = Int64(text.dropFirst(Self.readPrefix.count)) {
            self = .read(sequence)
        } else {
            self = .event(text)
        }
    }
}

extension Revision {
    var data: Data { Data(bytes) }

    init?(data: Data) {
        self.init(bytes: Array(data))
    }
}
