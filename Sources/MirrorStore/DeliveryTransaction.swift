internal import GRDB
internal import Stripe

/// Applies one delivery inside the writer's transaction.
struct DeliveryTransaction {
    let db: Database
    /// The key of `metadata` that holds the operator's own id of the user.
    let metadataKey: String
    /// The mode that rows are of where their object does not say.
    let livemode: Bool

    private var events: EventTable { EventTable(db: db) }
    private var states: ObjectStateTable { ObjectStateTable(db: db) }
    private var edges: EdgeTable { EdgeTable(db: db) }
    private var mirror: MirrorTables { MirrorTables(db: db) }
    private var links: UserLinkTable { UserLinkTable(db: db, metadataKey: metadataKey) }

    /// Writes the event and all that follows from it.
    ///
    /// An event that failed before is tried anew: Stripe, or the operator, has sent it again.
    func apply(_ delivery: Delivery) throws -> Outcome {
        if let known = try events.outcome(of: delivery.event.id), known != .failed {
            return .duplicate
        }
        switch delivery.effect {
        case .none(let reason):
            try events.upsert(delivery, outcome: .ignored, error: reason)
            return .ignored
        case .failure(let error, let subject):
            try events.upsert(delivery, outcome: .failed, error: error)
            if let subject {
                try doubt(subject.id, kind: subject.kind, since: delivery)
            }
            return .failed
        case .checkout(let session) where session.clientReferenceID == nil || session.customer == nil:
            try events.upsert(delivery, outcome: .ignored, error: "names no user or no customer")
            return .ignored
        case .checkout(let session):
            try events.upsert(delivery, outcome: .applied, error: nil)
            try links.claim(by: session, event: delivery.event.id, at: Int64(delivery.receivedAt))
            return .applied
        case .change(let change, let kind, let objectID, let object):
            return try apply(change, kind: kind, objectID: objectID, object: object, of: delivery)
        }
    }

    /// Keeps an event that could not be applied.
    func keep(_ delivery: Delivery, failedWith error: String) throws {
        try events.upsert(delivery, outcome: .failed, error: error)
        if case .change(_, let kind, let objectID, _) = delivery.effect, try states.isKnown(objectID, as: kind) {
            try doubt(objectID, kind: kind, since: delivery)
        }
    }

    /// Takes the confirmation from an object of which an event told something that is not known.
    private func doubt(_ objectID: String, kind: MirroredKind, since delivery: Delivery) throws {
        let record = try states.load(objectID, kind: kind)
        var fastForward = FastForward(state: record.state, edges: [], sequence: record.state.sequence + 1)
        fastForward.receiveUnreadable(created: delivery.event.created, at: delivery.receivedAt)
        let arrival = Arrival(source: .event(delivery.event.id), object: nil, at: Int64(delivery.receivedAt))
        try write(fastForward, over: record, of: objectID, arrival)
    }

    private func apply(
        _ change: Change,
        kind: MirroredKind,
        objectID: String,
        object: MirroredObject?,
        of delivery: Delivery
    ) throws -> Outcome {
        let record = try states.load(objectID, kind: kind)
        let known = try edges.edges(of: objectID, concerning: change, and: record.state.pending)
        var fastForward = FastForward(state: record.state, edges: known, sequence: record.state.sequence + 1)
        let outcome = fastForward.receive(change, at: delivery.receivedAt)
        try events.upsert(delivery, outcome: outcome, error: nil)
        let arrival = Arrival(source: .event(delivery.event.id), object: object, at: Int64(delivery.receivedAt))
        try write(fastForward, over: record, of: objectID, arrival)
        return outcome
    }

    /// The version that just came in.
    private struct Arrival {
        var source: ObjectState.Source
        /// Nil where the event is thin.
        var object: MirroredObject?
        /// Unix seconds.
        var at: Int64
    }

    private func write(
        _ fastForward: FastForward,
        over before: ObjectStateTable.Record,
        of objectID: String,
        _ arrival: Arrival
    ) throws {
        let after = fastForward.state
        guard after != before.state || !fastForward.effects.isEmpty else { return }
        for effect in fastForward.effects {
            switch effect {
            case .remember(let edge): try edges.insert(edge, of: objectID)
            case .settle(let event, let outcome): try events.settle(event, as: outcome)
            }
        }
        let provenObject = try provenObject(after, before, of: objectID, arrival)
        let record = ObjectStateTable.Record(state: after, provenObject: provenObject)
        try states.save(record, of: objectID, before: before.state)
        try show(after, before, of: objectID, arrival)
    }

    private func show(
        _ after: ObjectState,
        _ before: ObjectStateTable.Record,
        of objectID: String,
        _ arrival: Arrival
    ) throws {
        guard let shown = after.shown else { return }
        guard shown.source != before.state.shown?.source || after.isDeleted != before.state.isDeleted else {
            if after.isConfirmed != before.state.isConfirmed {
                try mirror.confirm(objectID, kind: after.kind, after.isConfirmed, at: arrival.at)
            }
            return
        }
        let object = try object(shown.source, before, of: objectID, arrival)
        let standing = MirrorTables.Standing(
            livemode: livemode,
            isDeleted: after.isDeleted,
            isConfirmed: after.isConfirmed,
            updatedAt: arrival.at
        )
        try mirror.write(object, standing)
        var event: String?
        if case .event(let id) = shown.source {
            event = id
        }
        try links.claim(by: object, event: event, at: arrival.at)
    }

    /// The object of a version that was known before or has just come in.
    private func object(
        _ source: ObjectState.Source,
        _ before: ObjectStateTable.Record,
        of objectID: String,
        _ arrival: Arrival
    ) throws -> MirroredObject {
        if source == arrival.source, let object = arrival.object {
            return object
        }
        if source == before.state.proven?.source, let text = before.provenObject {
            return try decode(text)
        }
        if source == before.state.shown?.source,
            let text = try mirror.text(of: objectID, kind: before.state.kind)
        {
            return try decode(text)
        }
        guard case .event(let id) = source else {
            throw MirrorError.inconsistent("the proven version of \(objectID) is not kept")
        }
        return try events.object(of: id)
    }

    private func decode(_ text: String) throws -> MirroredObject {
        guard let object = try MirroredObject(JSON(parsing: Array(text.utf8))) else {
            throw MirrorError.inconsistent("a row holds no object")
        }
        return object
    }

    /// The proven object's text, to be kept while the row shows another.
    private func provenObject(
        _ after: ObjectState,
        _ before: ObjectStateTable.Record,
        of objectID: String,
        _ arrival: Arrival
    ) throws -> String? {
        guard let proven = after.proven, proven.source != after.shown?.source else { return nil }
        return try object(proven.source, before, of: objectID, arrival).text
    }
}
