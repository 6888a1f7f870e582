import MirrorStore

/// An Event object of the simulated Stripe.
struct SimulatedEvent: Sendable {
    enum Shape: Hashable, Sendable {
        case created
        case updated(from: StateName)
        case deleted
        case check
    }

    /// The event's place among all that Stripe made.
    var number: Int
    var shape: Shape
    var state: StateName
    var created: Int64
    var request: String?

    var id: String { "e\(number)" }
}

/// What a reply of the simulated API shows.
struct SimulatedReply: Sendable {
    var state: StateName
    /// Whether the customer is deleted.
    var isDeleted: Bool
    /// The reply's `Date`.
    var date: Int64
    var token: ObjectRead.Token
    var purpose: ObjectRead.Purpose
}
