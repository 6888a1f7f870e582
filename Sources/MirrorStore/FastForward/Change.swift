public import Stripe

/// What one event says of one object, reduced to what the order of events is decided by.
public struct Change: Hashable, Sendable {
    /// The ways in which an event speaks of its object.
    public enum Kind: Hashable, Sendable {
        /// The object's first version.
        case created
        /// A step from a parent to the version that the event carries.
        case updated(parent: Revision, parentEnded: Bool)
        /// The object's end.
        case deleted
        /// A version without word of what came before it.
        case check
        /// No version at all: the object has changed, and has to be read.
        case thin
    }

    /// Id of the event; nil for a mark that a backfill leaves where its own read did not count.
    public var event: String?
    /// How the event speaks of its object.
    public var kind: Kind
    /// The version that the event carries; nil where it is thin.
    public var revision: Revision?
    /// Whether that version is past its end, so that no living version can follow.
    ///
    /// True of thin events, which may be of any.
    public var isEnded: Bool
    /// Whether the event carries the whole object, not just the first page of its items.
    public var isComplete: Bool
    /// Unix seconds, as Stripe gives them.
    public var created: Int64
    /// The API request that made the change; nil where nobody asked for it.
    public var request: String?
    /// Id of the event that tells the same with a snapshot, where this one is thin and says so.
    public var snapshotEvent: String?

    /// Creates a change from its parts.
    public init(
        event: String?,
        kind: Kind,
        revision: Revision?,
        isEnded: Bool = false,
        isComplete: Bool = true,
        created: Int64,
        request: String? = nil,
        snapshotEvent: String? = nil
    ) {
        self.event = event
        self.kind = kind
        self.revision = revision
        self.isEnded = isEnded
        self.isComplete = isComplete
        self.created = created
        self.request = request
        self.snapshotEvent = snapshotEvent
    }

    /// Whether this is the thin event of a change that the other tells with a snapshot.
    func isThinCopy(of other: Change) -> Bool {
        snapshotEvent != nil && snapshotEvent == other.event
    }
}
