/// A customer that a user is linked to, with the subscriptions that the mirror has of it.
public struct LinkedCustomer: Sendable, Hashable {
    /// Stripe's id, `cus_…`.
    public var id: String
    /// Unix seconds; nil while the customer's own row is still on its way.
    public var created: Int64?
    /// Whether the customer is deleted.
    public var deleted: Bool
    /// Whether another user claims the same customer.
    public var isClaimedByOthers: Bool
    /// Whether the operator says so, by the object's metadata or a decision, and not just a Checkout session, whose `client_reference_id` a buyer
    /// may choose on a Payment Link. https://docs.stripe.com/payment-links/url-parameters
    public var isClaimedByMetadata: Bool
    /// The customer's subscriptions, ended ones included.
    public var subscriptions: [LinkedSubscription]

    /// Creates a linked customer from its parts.
    public init(
        id: String,
        created: Int64?,
        deleted: Bool = false,
        isClaimedByOthers: Bool = false,
        isClaimedByMetadata: Bool = true,
        subscriptions: [LinkedSubscription] = []
    ) {
        self.id = id
        self.created = created
        self.deleted = deleted
        self.isClaimedByOthers = isClaimedByOthers
        self.isClaimedByMetadata = isClaimedByMetadata
        self.subscriptions = subscriptions
    }
}
