public import Stripe

/// A step that an object is known to have taken.
public struct Edge: Hashable, Sendable {
    /// The version before; nil where the step is a beginning: the object's creation, its end, or a read.
    public var parent: Revision?
    /// The version after.
    public var revision: Revision
    /// Whence the step is known.
    public var source: ObjectState.Source
    /// The API request that made the step; nil where nobody asked for it.
    public var request: String?
    /// `created` of the event, or the read's `Date`, Unix seconds.
    public var created: Int64

    /// Creates an edge from its parts.
    public init(
        parent: Revision?,
        revision: Revision,
        source: ObjectState.Source,
        request: String?,
        created: Int64
    ) {
        self.parent = parent
        self.revision = revision
        self.source = source
        self.request = request
        self.created = created
    }
}
