public import Stripe

/// What the mirror remembers of one object, so as to know what may come next.
public struct ObjectState: Hashable, Sendable {
    /// What a version is known by.
    public enum Source: Hashable, Sendable {
        /// The event of that id carried it.
        case event(String)
        /// A read brought it; the number is its ``ObjectState/sequence``.
        case read(Int64)
    }

    /// One version of the object, and where it came from.
    public struct Version: Hashable, Sendable {
        /// The version's fingerprint.
        public var revision: Revision
        /// Whence it is known.
        public var source: Source
    }

    /// An event that waits.
    public struct Pending: Hashable, Sendable {
        /// What the event says.
        public var change: Change
        /// Whether only a read can settle it, even where its parent is proven.
        public var isBarred: Bool
    }

    /// What kind of object this is.
    public let kind: MirroredKind
    /// The version that an unbroken chain of events, or a read, has established.
    public var proven: Version?
    /// The version that readers of the mirror see: the proven one, or a later one that waits to be proven.
    public var shown: Version?
    /// `created` of the event that gave ``shown``, or the `Date` of the read.
    public var shownCreated: Int64?
    /// Whether the proven version is past its end.
    public var isEnded = false
    /// Whether the customer is deleted, which nothing undoes.
    public var isDeleted = false
    /// `Date` of the last read that counted, Unix seconds.
    public var readDate: Int64?
    /// Events that wait, in the order of their arrival.
    public var pending: [Pending] = []
    /// Number, in the mirror's own count of steps, of the last event taken in or read that counted.
    public var sequence: Int64 = 0
    /// When the last event came in, Unix seconds by this machine's clock.
    public var lastReceived: Double?
    /// When the oldest pending event began to wait, Unix seconds by this machine's clock; nil where none waits.
    public var pendingSince: Double?

    /// An object of which nothing is known yet.
    public init(kind: MirroredKind) {
        self.kind = kind
    }

    /// When a read of the object should be sent, Unix seconds by this machine's clock; nil where nothing waits.
    public var nextRead: Double? {
        pendingSince.map { max($0, lastReceived ?? $0) + FastForward.grace }
    }

    /// Whether what is shown is proven and nothing waits.
    public var isConfirmed: Bool { proven != nil && pending.isEmpty }
}
