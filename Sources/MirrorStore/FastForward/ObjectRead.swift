public import Stripe

/// A read of one object from Stripe: a `GET`, or the object's entry of a list page.
public struct ObjectRead: Hashable, Sendable {
    /// Taken before the request is sent, so that the reply can be told from one that an event has overtaken.
    public struct Token: Hashable, Sendable {
        /// The last number of the mirror's own count of steps before the request.
        public var sequence: Int64
        /// When the request was sent, Unix seconds by this machine's clock.
        public var sentAt: Double

        /// Creates a token from its parts.
        public init(sequence: Int64, sentAt: Double) {
            self.sequence = sequence
            self.sentAt = sentAt
        }
    }

    /// What the read was sent for.
    public enum Purpose: Hashable, Sendable {
        /// To settle events that wait.
        case refresh
        /// To compare the mirror with Stripe.
        case verification
        /// To fill the mirror.
        case backfill
    }

    /// What became of a read.
    public enum Outcome: Hashable, Sendable {
        /// The mirror shows it now.
        case applied
        /// A verification found what the mirror has.
        case verified
        /// It may be older than the mirror; it has to be asked for again where something waits.
        case dropped
        /// The customer is deleted for good.
        case superseded
    }

    /// The state before the request.
    public var token: Token
    /// What the read was sent for.
    public var purpose: Purpose
    /// The version that the reply carries.
    public var revision: Revision
    /// Whether that version is past its end.
    public var isEnded: Bool
    /// Whether Stripe says `deleted: true`.
    public var isDeleted: Bool
    /// Whether the reply carries the whole object, its items to the last page.
    public var isComplete: Bool
    /// The reply's `Date`, Unix seconds.
    public var date: Int64

    /// Creates a read from its parts.
    public init(
        token: Token,
        purpose: Purpose,
        revision: Revision,
        isEnded: Bool = false,
        isDeleted: Bool = false,
        isComplete: Bool = true,
        date: Int64
    ) {
        self.token = token
        self.purpose = purpose
        self.revision = revision
        self.isEnded = isEnded
        self.isDeleted = isDeleted
        self.isComplete = isComplete
        self.date = date
    }
}
