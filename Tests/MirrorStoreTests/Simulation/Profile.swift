/// The ways in which Stripe and the network are hostile: each breaks a premise of the argument at ``FastForward``.
///
/// In quotation marks is the premise; in parentheses, by its number there, the way to a wrong row that lies open without
/// it.
enum Profile: String, CaseIterable, Sendable {
    /// All of them at once: any order, twins, losses, retries, crashes, sweeps, reads of every speed, skewed clocks.
    case chaos
    /// "A parent fits at one place" (1, 2): there are two states only, so that it fits at every other one.
    case toggle
    /// "A read can be placed among the events" (1, 3): changes, and deliveries of old ones, lie close to reads.
    case edge
    /// "Nothing happens between a request and its reply" (3): replies take up to eight seconds.
    case slow
    /// "A read shows the present" (3): the API answers from replicas that are up to 1.5 s old.
    case stale
    /// "An event is made with its change" (1): it is made up to 2.5 s later, and a read has seen the change before.
    case lazy
    /// "A state has one revision" (2): the API renders objects in another version than the events.
    case version
    /// "Stripe tries again" (4): the daemon is down for longer than the sweep's overlap, and nothing is sent again.
    case outage
    /// "The mirror begins with the object" (4): it begins with a page of a list, beside webhooks and after lost events.
    case backfill
    /// "The predecessor comes within the grace" (1, 2): one event comes long after it, when a read has taken its edge.
    case late
    /// "Each edge arrives" (4): one never does, until a sweep finds it.
    case lost
    /// None: all events come once and in order.
    case ordered
    /// "The arrivals are a trail as they come" (2): neighbours change places, within the grace.
    case swap
    /// "Only events move the row" (1): verifications read the object beside events that come once and in order.
    case verified
    /// "Each change has an event" (4): some have none, ever. Only that nothing is shown which never was, is claimed then.
    case ghost

    /// Whether anything happens for which a read may be needed.
    var isHostile: Bool {
        switch self {
        case .ordered, .swap, .verified: false
        default: true
        }
    }
}
