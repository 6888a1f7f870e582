internal import GRDB
internal import Stripe

/// Applies one delivery inside the writer's transaction.
struct DeliveryTransaction {
    let objects: ObjectTransaction

    private var db: Database { objects.db }
    private var events: EventTable { EventTable(db: db) }
    private var states: ObjectStateTable { ObjectStateTable(db: db) }
    private var edges: EdgeTable { EdgeTable(db: db) }
    private var links: LinkClaimTable { LinkClaimTable(db: db, metadataKey: objects.metadataKey) }
    private var checkouts: CheckoutTable { CheckoutTable(db: db) }

    /// Writes the event and all that follows from it.
    ///
    /// An event that failed before is tried anew: Stripe, or the operator, has sent it again.
    func apply(_ delivery: Delivery) throws -> Outcome {
        if let known = try events.outcome(of: delivery.event.id), known != .failed {
            if delivery.source == .replay {
                try replay(delivery)
            }
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
            try checkouts.insert(session, at: Int64(delivery.receivedAt))
            return .ignored
        case .checkout(let session):
            try events.upsert(delivery, outcome: .applied, error: nil)
            try checkouts.insert(session, at: Int64(delivery.receivedAt))
            try links.claim(by: session, event: delivery.event.id, at: delivery.receivedAt)
            if let customer = session.customer, try states.isDeleted(customer) {
                try events.erase(about: session.id)
            }
            return .applied
        case .sweep:
            try events.upsert(delivery, outcome: .applied, error: nil)
            try SyncStateTable(db: db).requestSweep()
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
        var rule = try objects.rule(over: record, knowing: [], at: delivery.receivedAt)
        rule.receiveUnreadable(created: delivery.event.created, at: delivery.receivedAt)
        try objects.write(rule, over: record, of: objectID, arrival(of: nil, by: delivery))
        if rule.state.isDeleted {
            try events.erase(about: objectID)
        }
    }

    private func apply(
        _ change: Change,
        kind: MirroredKind,
        objectID: String,
        object: MirroredObject?,
        of delivery: Delivery
    ) throws -> Outcome {
        if let snapshot = change.snapshotEvent, try events.isUsed(snapshot) {
            try events.upsert(delivery, outcome: .duplicate, error: nil)
            return .duplicate
        }
        let record = try states.load(objectID, kind: kind)
        let known = try edges.edges(of: objectID, concerning: change, and: record.state.pending)
        var rule = try objects.rule(over: record, knowing: known, at: delivery.receivedAt)
        let outcome = rule.receive(change, at: delivery.receivedAt)
        try events.upsert(delivery, outcome: outcome, error: nil)
        try objects.write(rule, over: record, of: objectID, arrival(of: object, by: delivery))
        if rule.state.isDeleted {
            try events.erase(about: objectID)
        }
        return outcome
    }

    private func arrival(of object: MirroredObject?, by delivery: Delivery) -> ObjectTransaction.Arrival {
        ObjectTransaction.Arrival(
            source: .event(delivery.event.id),
            object: object,
            apiVersion: delivery.event.apiVersion,
            at: delivery.receivedAt
        )
    }

    /// Lets an event that was used already, and that the operator has sent again, cause a read.
    private func replay(_ delivery: Delivery) throws {
        guard case .change(_, let kind, let objectID, _) = delivery.effect else { return }
        let record = try states.load(objectID, kind: kind)
        var rule = try objects.rule(over: record, knowing: [], at: delivery.receivedAt)
        rule.requestRead(created: delivery.event.created, at: delivery.receivedAt)
        try objects.write(rule, over: record, of: objectID, arrival(of: nil, by: delivery))
    }
}
