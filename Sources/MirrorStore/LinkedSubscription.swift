/// A subscription as the mirror has it, for its owner.
public struct LinkedSubscription: Sendable, Hashable {
    /// One line of the subscription.
    public struct Item: Sendable, Hashable {
        /// Stripe's id, `si_…`.
        public var id: String
        /// Id of the price, `price_…`.
        public var price: String?
        /// Id of the product, `prod_…`.
        public var product: String?
        /// Nil where usage is metered.
        public var quantity: Int64?

        /// Creates a line from its parts.
        public init(id: String, price: String? = nil, product: String? = nil, quantity: Int64? = nil) {
            self.id = id
            self.price = price
            self.product = product
            self.quantity = quantity
        }
    }

    /// Stripe's id, `sub_…`.
    public var id: String
    /// Stripe's word, an open set.
    public var status: String
    /// Unix seconds.
    public var created: Int64?
    /// Unix seconds.
    public var currentPeriodEnd: Int64?
    /// Unix seconds of a scheduled end.
    public var cancelAt: Int64?
    /// Whether the subscription ends with its period.
    public var cancelAtPeriodEnd: Bool
    /// Unix seconds.
    public var trialEnd: Int64?
    /// The lines.
    public var items: [Item]

    /// Creates a subscription from its parts.
    public init(
        id: String,
        status: String,
        created: Int64? = nil,
        currentPeriodEnd: Int64? = nil,
        cancelAt: Int64? = nil,
        cancelAtPeriodEnd: Bool = false,
        trialEnd: Int64? = nil,
        items: [Item] = []
    ) {
        self.id = id
        self.status = status
        self.created = created
        self.currentPeriodEnd = currentPeriodEnd
        self.cancelAt = cancelAt
        self.cancelAtPeriodEnd = cancelAtPeriodEnd
        self.trialEnd = trialEnd
        self.items = items
    }
}
