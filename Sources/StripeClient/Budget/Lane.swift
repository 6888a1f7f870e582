/// What a call to Stripe is made for; decides who goes first where calls have to wait.
///
/// The smaller lane goes first, always: a customer's click never waits for housekeeping.
public enum Lane: Int, CaseIterable, Comparable, Sendable {
    /// A customer waits for a portal session.
    case portal
    /// An object that events did not prove is read.
    case refresh
    /// Events that no webhook brought are looked for.
    case sweep
    /// A new mirror is filled.
    case backfill
    /// The mirror is compared with Stripe.
    case verify

    /// What operators read.
    public var name: String {
        switch self {
        case .portal: "portal"
        case .refresh: "refresh"
        case .sweep: "sweep"
        case .backfill: "backfill"
        case .verify: "verify"
        }
    }

    /// Whether the left lane's calls go before the right one's.
    public static func < (left: Lane, right: Lane) -> Bool { left.rawValue < right.rawValue }
}
