internal import GRDB
internal import Stripe

/// `events`: every event that came in, once, with what became of it.
struct EventTable {
    let db: Database

    /// What became of an event, if it is known.
    func outcome(of id: String) throws -> Outcome? {
        let statement = try db.cachedStatement(sql: "SELECT outcome FROM events WHERE id = ?")
        return try String.fetchOne(statement, arguments: [id]).flatMap(Outcome.init(rawValue:))
    }

    /// Whether an event came in and could be applied.
    func isUsed(_ id: String) throws -> Bool {
        guard let outcome = try outcome(of: id) else { return false }
        return outcome != .failed && outcome != .ignored
    }

    /// Writes an event, in place of an earlier attempt that failed.
    func upsert(_ delivery: Delivery, outcome: Outcome, error: String?) throws {
        let event = delivery.event
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO events (
                    id, type, object_id, created, received_at, api_version, source, outcome, error, payload
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET
                    object_id = excluded.object_id, received_at = excluded.received_at, source = excluded.source,
                    outcome = excluded.outcome, error = excluded.error, payload = excluded.payload
                """
        )
        try statement.execute(arguments: [
            event.id, event.type, delivery.objectID, event.created, Int64(delivery.receivedAt), event.apiVersion,
            delivery.source.rawValue, outcome.rawValue, error, outcome == .ignored ? nil : delivery.payload,
        ])
    }

    func settle(_ id: String, as outcome: Outcome) throws {
        try db.cachedStatement(sql: "UPDATE events SET outcome = ? WHERE id = ?")
            .execute(arguments: [outcome.rawValue, id])
    }

    /// Removes the payloads of all events about an object.
    func erase(about objectID: String) throws {
        try db.cachedStatement(sql: "UPDATE events SET payload = NULL WHERE object_id = ? AND payload IS NOT NULL")
            .execute(arguments: [objectID])
    }

    /// The object that an event carries.
    func object(of id: String) throws -> MirroredObject {
        let statement = try db.cachedStatement(sql: "SELECT payload FROM events WHERE id = ?")
        guard let payload = try String.fetchOne(statement, arguments: [id]) else {
            throw MirrorError.inconsistent("event \(id) has no payload")
        }
        let event = try Event(JSON(parsing: Array(payload.utf8)))
        guard case .snapshot(let snapshot, _) = event.content, let object = try MirroredObject(snapshot) else {
            throw MirrorError.inconsistent("event \(id) carries no object")
        }
        return object
    }
}
