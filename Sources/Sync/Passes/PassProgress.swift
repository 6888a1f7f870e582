public import MirrorStore

/// How far a walk through Stripe's lists has come.
public struct PassProgress: Sendable, Hashable {
    /// The walk.
    public var pass: Pass
    /// `created` of the last object of the page just done, Unix seconds; lists begin with the newest.
    public var created: Int64?
    /// Ids of objects that could not be read, of the page just done.
    public var unreadable: [String]
}
