/// What comparing a row with Stripe came to.
public enum Verdict: Hashable, Sendable {
    /// The row shows what Stripe has.
    case verified
    /// An event came in too close to the comparison, or waits: ask again later.
    case overtaken
    /// The row is not what Stripe has, and no event that came in says why.
    case drifted(Drift)
}

/// How a row differs from Stripe's object.
public struct Drift: Hashable, Sendable {
    /// The object.
    public var object: ObjectReference
    /// The columns, or else the object's own fields, that differ; empty where the mirror does not have the object.
    public var fields: [String]
    /// Whether the row shows Stripe's object now.
    public var isRepaired: Bool
}
