/// The ways in which Stripe and the network are hostile: each attacks a premise of the argument at ``FastForward``.
enum Profile: String, CaseIterable, Sendable {
    /// All of them at once: any order, twins, losses, retries, crashes, sweeps, reads of every speed, skewed clocks.
    case chaos
    /// "One way through": two states only, so that every trail crosses itself and a parent fits at many places.
    case toggle
    /// "A read is placed among the events": two states, and changes and late deliveries close to reads of every speed.
    case edge
    /// "Nothing happens between a request and its reply": replies take up to eight seconds.
    case slow
    /// "A read shows the present": the API answers from replicas that are up to 1.5 s old.
    case stale
    /// "An event is there when its change is": Stripe makes events up to 2.5 s after it.
    case lazy
    /// "A state has one revision": the API renders objects in another version than the events.
    case version
    /// "Stripe tries again": the daemon is down for longer than the sweep's overlap, and nothing is sent again.
    case outage
    /// "The mirror begins with the object": it begins with a page of a list instead, beside webhooks, after lost events.
    case backfill
    /// "The predecessor comes first": one event comes long after the grace.
    case late
    /// "Each edge arrives": one event never does, until a sweep finds it.
    case lost
    /// None: all events come once and in order.
    case ordered
    /// "The arrivals are a trail as they come": neighbours change places, within the grace.
    case swap
    /// "Only events move the mirror": verifications read the object beside them, which come once and in order.
    case verified
    /// "Each change has an event": some have none. The present cannot be known then; that no invention is shown, can.
    case ghost

    /// Whether Stripe and the network misbehave in ways for which portald may need a read.
    var isHostile: Bool {
        switch self {
        case .ordered, .swap, .verified: false
        default: true
        }
    }
}
