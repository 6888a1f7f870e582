internal import GRDB
internal import Stripe

/// Carries a step of ``FastForward`` out on one object, inside a transaction: its bookkeeping, its row, its links.
struct ObjectTransaction {
    let db: Database
    /// The key of `metadata` that holds the operator's own id of the user.
    let metadataKey: String
    /// The mode that rows are of where their object does not say.
    let livemode: Bool

    private var events: EventTable { EventTable(db: db) }
    private var states: ObjectStateTable { ObjectStateTable(db: db) }
    private var edges: EdgeTable { EdgeTable(db: db) }
    private var history: HistoryTable { HistoryTable(db: db) }
    private var mirror: MirrorTables { MirrorTables(db: db) }
    private var links: LinkClaimTable { LinkClaimTable(db: db, metadataKey: metadataKey) }

    /// The version that just came in.
    struct Arrival {
        var source: ObjectState.Source
        /// Nil where the event is thin.
        var object: MirroredObject?
        /// The version that the object is rendered in.
        var apiVersion: String?
        /// Unix seconds.
        var at: Double
    }

    /// The rule over an object as it is, for one step at a time in Unix seconds.
    func rule(over record: ObjectStateTable.Record, knowing edges: [Edge], at now: Double) throws -> FastForward {
        let step = try SyncStateTable(db: db).nextStep(at: now)
        return FastForward(
            state: record.state,
            edges: edges,
            sequence: step.sequence,
            forgottenBefore: step.forgottenBefore
        )
    }

    /// Writes what the rule decided.
    func write(
        _ rule: FastForward,
        over before: ObjectStateTable.Record,
        of objectID: String,
        _ arrival: Arrival
    ) throws {
        let after = rule.state
        guard after != before.state || !rule.effects.isEmpty else { return }
        for effect in rule.effects {
            switch effect {
            case .remember(let edge): try edges.insert(edge, of: objectID)
            case .settle(let event, let outcome): try events.settle(event, as: outcome)
            }
        }
        var record = ObjectStateTable.Record(state: after)
        record.provenObject = try provenObject(after, before, of: objectID, arrival)
        record.apiVersion = after.proven?.source == arrival.source ? arrival.apiVersion : before.apiVersion
        try states.save(record, of: objectID, before: before.state, at: arrival.at)
        var isChanged = false
        if !after.isDeleted {
            isChanged = try show(after, before, of: objectID, arrival)
        } else if !before.state.isDeleted {
            try bury(objectID, arrival)
            isChanged = true
        }
        if isChanged, let shown = after.shown {
            let sequence = rule.sequence
            try history.note(objectID, kind: after.kind, source: shown.source, sequence: sequence, at: arrival.at)
        }
    }

    /// Writes a row anew from an object that is the proven one.
    func rewrite(_ object: MirroredObject, _ state: ObjectState, at now: Double) throws {
        try mirror.write(object, standing(state, at: Int64(now)))
        try links.claim(by: object, event: nil, at: now)
    }

    /// - Returns: Whether the row changed.
    private func show(
        _ after: ObjectState,
        _ before: ObjectStateTable.Record,
        of objectID: String,
        _ arrival: Arrival
    ) throws -> Bool {
        guard let shown = after.shown else { return false }
        let now = Int64(arrival.at)
        guard shown.source != before.state.shown?.source else {
            guard after.isConfirmed != before.state.isConfirmed else { return false }
            try mirror.confirm(objectID, kind: after.kind, after.isConfirmed, at: now)
            return true
        }
        let object = try object(shown.source, before, of: objectID, arrival)
        try mirror.write(object, standing(after, at: now))
        var event: String?
        if case .event(let id) = shown.source {
            event = id
        }
        try links.claim(by: object, event: event, at: arrival.at)
        return true
    }

    private func standing(_ state: ObjectState, at now: Int64) -> MirrorTables.Standing {
        MirrorTables.Standing(
            livemode: livemode,
            isDeleted: state.isDeleted,
            isConfirmed: state.isConfirmed,
            updatedAt: now
        )
    }

    /// Leaves of a deleted customer what Stripe itself leaves, a stub, and removes what else is known of the person.
    private func bury(_ objectID: String, _ arrival: Arrival) throws {
        guard let object = arrival.object else {
            throw MirrorError.inconsistent("\(objectID) was deleted by something that does not show it")
        }
        let standing = MirrorTables.Standing(
            livemode: livemode,
            isDeleted: true,
            isConfirmed: true,
            updatedAt: Int64(arrival.at)
        )
        try mirror.write(try object.stub(), standing)
        try events.erase(about: objectID)
        for session in try links.checkouts(of: objectID) {
            try events.erase(about: session)
        }
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
