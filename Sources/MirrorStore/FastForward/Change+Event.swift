internal import Stripe

extension Change {
    /// Reads what an event says of an object that the mirror holds.
    ///
    /// - Parameters:
    ///   - event: An event with a snapshot.
    ///   - snapshot: The event's object as JSON.
    ///   - object: The same object, decoded.
    ///   - previousAttributes: The event's `previous_attributes`.
    init(_ event: Event, snapshot: JSON, object: MirroredObject, previousAttributes: JSON?) {
        let name = object.kind == .customer ? "customer" : "customer.subscription"
        let kind: Kind =
            switch (event.type, previousAttributes) {
            case ("\(name).created", _): .created
            case ("\(name).deleted", _): .deleted
            case ("\(name).updated", let previous?):
                .updated(
                    parent: Revision(of: snapshot, rewoundBy: previous),
                    parentEnded: Self.parentIsEnded(object, previous)
                )
            default: .check
            }
        self.init(
            event: event.id,
            kind: kind,
            revision: object.revision,
            isEnded: object.isEnded || kind == .deleted,
            isComplete: object.isComplete,
            created: event.created,
            request: event.request
        )
    }

    /// Reads a thin event.
    init(thin event: Event) {
        self.init(
            event: event.id,
            kind: .thin,
            revision: nil,
            isEnded: true,
            created: event.created,
            request: event.request,
            snapshotEvent: event.snapshotEvent
        )
    }

    private static func parentIsEnded(_ object: MirroredObject, _ previous: JSON) -> Bool {
        guard object.kind == .subscription, let status = previous["status"]?.string else { return object.isEnded }
        return SubscriptionStatus(rawValue: status).isFinal
    }
}
