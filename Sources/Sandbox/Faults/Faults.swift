/// How often a fault strikes.
public enum FaultFrequency: Sendable, Hashable {
    /// The next so many matching calls or events, then never again.
    case next(Int)
    /// This share of the matching calls or events, from 0 to 1, drawn from the sandbox's generator.
    case fraction(Double)
}

/// A fault of the fake API.
public struct APIFault: Sendable, Hashable {
    /// When a connection breaks.
    public enum Moment: String, Sendable, CaseIterable {
        /// The call has no effect.
        case beforeProcessing = "before"
        /// The call has its effect, but its answer is lost.
        case afterProcessing = "after"
    }

    /// What happens to the call.
    public enum Effect: Sendable, Hashable {
        /// Answers this status. 404: the object in the path is missing; 409: a conflict; 429: too many requests, with
        /// `Stripe-Rate-Limited-Reason` where a reason is given and as an object lock without; 5xx: `api_error`.
        /// A 500 is kept under the call's idempotency key, as Stripe documents; the others are not.
        /// Comes as late as a delay or hold that strikes with it says.
        case status(Int, rateLimitedReason: String? = nil)
        /// Begins with the call late, so that its answer shows the state of then.
        case delay(Duration)
        /// Renders the answer and holds it back, as a slow network does: what happens meanwhile, and its events, overtake
        /// it. `Date` is the time of rendering.
        case hold(Duration)
        /// Resets the TCP connection.
        case reset(Moment)
    }

    /// The HTTP method it strikes; nil strikes all.
    public var method: String?
    /// The path it strikes; `*` stands for any run of characters.
    public var path: String
    /// How often it strikes.
    public var frequency: FaultFrequency
    /// What happens.
    public var effect: Effect

    /// Creates a fault of calls that match method and path.
    public init(
        _ effect: Effect,
        method: String? = nil,
        path: String = "*",
        frequency: FaultFrequency = .next(1)
    ) {
        self.method = method
        self.path = path
        self.frequency = frequency
        self.effect = effect
    }
}

/// A fault in how events are made and delivered; it strikes an event for all endpoints alike.
///
/// Health events are not struck.
public struct EventFault: Sendable, Hashable {
    /// What happens to the event.
    public enum Effect: Sendable, Hashable {
        /// No Event object is ever made: it is neither delivered nor listed. Only a health event can tell of it:
        /// <https://docs.stripe.com/webhooks/handle-irrecoverable-events>.
        case lose
        /// Two Event objects with ids of their own tell of one change.
        case twin
        /// One Event is delivered twice.
        case duplicate
        /// The Event is never delivered and never tried again, though the API lists it (with its `pending_webhooks`).
        case drop
        /// The Event is delivered this much later.
        case delay(Duration)
        /// Events are held back until so many have gathered, then delivered in another order.
        case reorder(window: Int)
    }

    /// The event types it strikes; `*` stands for any run of characters.
    public var type: String
    /// How often it strikes.
    public var frequency: FaultFrequency
    /// What happens.
    public var effect: Effect

    /// Creates a fault of events whose type matches.
    public init(_ effect: Effect, type: String = "*", frequency: FaultFrequency = .next(1)) {
        self.type = type
        self.frequency = frequency
        self.effect = effect
    }
}

/// The faults that are set, with what remains of each.
struct FaultPlan<Fault: Sendable>: Sendable {
    private struct Entry {
        var fault: Fault
        var frequency: FaultFrequency
    }

    private var entries: [Entry] = []
    private var random: RandomSource

    init(seed: UInt64?) {
        random = RandomSource(seed: seed)
    }

    mutating func add(_ fault: Fault, frequency: FaultFrequency) {
        entries.append(Entry(fault: fault, frequency: frequency))
    }

    mutating func removeAll() {
        entries.removeAll()
    }

    /// The faults that strike now, in the order in which they were set.
    ///
    /// Those spent are dropped.
    mutating func strike(where matches: (Fault) -> Bool) -> [Fault] {
        var struck: [Fault] = []
        for index in entries.indices where matches(entries[index].fault) {
            switch entries[index].frequency {
            case .next(let count) where count > 0:
                entries[index].frequency = .next(count - 1)
                struck.append(entries[index].fault)
            case .fraction(let share) where Double.random(in: 0..<1, using: &random) < share:
                struck.append(entries[index].fault)
            default:
                break
            }
        }
        entries.removeAll { $0.frequency == .next(0) }
        return struck
    }
}
