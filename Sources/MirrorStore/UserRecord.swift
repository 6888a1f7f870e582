/// All that the mirror knows of a user's customers, and where it knows it from; nothing personal beside the user's id.
public struct UserRecord: Sendable, Hashable {
    /// What a row showed from a moment on.
    public struct Version: Sendable, Hashable, Encodable {
        /// Unix seconds by this machine's clock.
        public var at: Double
        /// The event that brought the version, or `read/` and the number of the read.
        public var source: String
        /// A subscription's status.
        public var status: String?
        /// Whether the object was deleted.
        public var deleted: Bool
        /// Whether the version was proven and nothing waited.
        public var confirmed: Bool
    }

    /// An event that waits.
    public struct PendingEvent: Sendable, Hashable, Encodable {
        /// `evt_…`; nil for a mark that only a read settles.
        public var event: String?
        /// `created`, `updated`, `deleted`, `check` or `thin`.
        public var kind: String
        /// Unix seconds, Stripe's.
        public var created: Int64
        /// Whether only a read can settle it.
        public var isBarred: Bool

        enum CodingKeys: String, CodingKey {
            case event, kind, created
            case isBarred = "barred"
        }
    }

    /// A customer or a subscription.
    public struct Object: Sendable, Hashable, Encodable {
        /// `cus_…` or `sub_…`.
        public var id: String
        /// `customer` or `subscription`.
        public var kind: String
        /// A subscription's customer.
        public var customer: String?
        /// What its row shows.
        public var shown: Version
        /// Since when the row is confirmed, or is not, Unix seconds.
        public var standingSince: Double
        /// When it first came in, or a reply of Stripe's last agreed with it, Unix seconds; nil for another time than now.
        public var checkedAt: Double?
        /// What waits; empty for another time than now.
        public var pending: [PendingEvent]
        /// When a read is due, Unix seconds; nil where nothing waits.
        public var dueAt: Double?
        /// Why the last read failed.
        public var readError: String?
        /// What the row showed, the latest first.
        public var history: [Version]

        enum CodingKeys: String, CodingKey {
            case id, kind, customer, shown, pending, history
            case standingSince = "standing_since"
            case checkedAt = "checked_at"
            case dueAt = "due_at"
            case readError = "read_error"
        }
    }

    /// The time that it tells of, Unix seconds; nil for now.
    public var time: Double?
    /// What the portal decides by.
    public var snapshot: MirrorReader.Snapshot
    /// Whether it is known that a backfill had finished by then, where it is taken for finished.
    public var isFillingKnown: Bool
    /// The claims that customers are the user's, and what the operator decided about them, by their time.
    public var links: [UserLink]
    /// Each linked customer that the mirror has, followed by its subscriptions.
    public var objects: [Object]
    /// Since when the mirror remembers what rows showed, Unix seconds.
    public var historySince: Double
    /// Since when the mirror remembers changes of links, Unix seconds.
    public var linksSince: Double
    /// The answers that the user was given, the latest first.
    public var requests: [AnsweredRequest]
}
