/// A subscription, as far as the mirror has columns for it. https://docs.stripe.com/api/subscriptions/object
public struct Subscription: Sendable, Hashable {
    /// Stripe's name of the type.
    public static let objectName = "subscription"

    /// Stripe's id, `sub_…`.
    public var id: String
    /// `cus_…`; nil where the subscription belongs to an account (`customer_account`) instead.
    public var customer: String?
    /// Where the subscription stands.
    public var status: SubscriptionStatus
    /// Unix seconds; from the top level, else the earliest of the items.
    public var currentPeriodStart: Int64?
    /// Unix seconds; from the top level, else the latest of the items.
    public var currentPeriodEnd: Int64?
    /// Unix seconds of a scheduled end.
    ///
    /// The portal sets it without ``cancelAtPeriodEnd`` in flexible billing mode.
    public var cancelAt: Int64?
    /// Whether the subscription ends with its current period.
    public var cancelAtPeriodEnd: Bool
    /// Unix seconds at which the end was asked for.
    public var canceledAt: Int64?
    /// Unix seconds of the end itself.
    public var endedAt: Int64?
    /// Unix seconds.
    public var trialEnd: Int64?
    /// Unix seconds.
    public var created: Int64?
    /// Nil only in a stub.
    public var livemode: Bool?
    /// Whether Stripe says `deleted: true`.
    public var deleted: Bool
    /// The operator's own keys and values.
    public var metadata: [String: String]
    /// The items that the object holds; not all of them where ``hasMoreItems``.
    public var items: [SubscriptionItem]
    /// Whether there are items beyond the page that the object holds.
    public var hasMoreItems: Bool

    /// Reads a subscription of any API version.
    ///
    /// - Throws: ``JSONError`` where `id` or `status` is missing or a field has a type that Stripe does not document.
    public init(_ object: JSON) throws(JSONError) {
        id = try object.id()
        customer = try object.optionalID("customer")
        status = SubscriptionStatus(rawValue: try object.string("status"))
        cancelAt = try object.optionalInteger("cancel_at")
        cancelAtPeriodEnd = try object.optionalBool("cancel_at_period_end") ?? false
        canceledAt = try object.optionalInteger("canceled_at")
        endedAt = try object.optionalInteger("ended_at")
        trialEnd = try object.optionalInteger("trial_end")
        created = try object.optionalInteger("created")
        livemode = try object.optionalBool("livemode")
        deleted = try object.optionalBool("deleted") ?? false
        metadata = try object.metadata()
        items = []
        hasMoreItems = false
        if let page = object.optional("items") {
            guard let elements = page["data"]?.elements else {
                throw .mismatch(member: "items", expected: "a list")
            }
            for element in elements {
                items.append(try SubscriptionItem(element))
            }
            hasMoreItems = try page.optionalBool("has_more") ?? false
        }
        currentPeriodStart =
            try object.optionalInteger("current_period_start") ?? items.compactMap(\.currentPeriodStart).min()
        currentPeriodEnd =
            try object.optionalInteger("current_period_end") ?? items.compactMap(\.currentPeriodEnd).max()
    }
}
