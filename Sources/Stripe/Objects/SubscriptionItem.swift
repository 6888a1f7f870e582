/// One line of a subscription. https://docs.stripe.com/api/subscription_items/object
public struct SubscriptionItem: Sendable, Hashable {
    /// Stripe's id, `si_…`.
    public var id: String
    /// Nil only where Stripe leaves out both `price` and `plan`.
    public var price: Price?
    /// Nil where usage is metered.
    public var quantity: Int64?
    /// Unix seconds; on items since API version 2025-03-31.basil.
    public var currentPeriodStart: Int64?
    /// Unix seconds; on items since API version 2025-03-31.basil.
    public var currentPeriodEnd: Int64?

    /// Reads an item of any API version.
    ///
    /// - Throws: ``JSONError`` where `id` is missing or a field has a type that Stripe does not document.
    public init(_ object: JSON) throws(JSONError) {
        id = try object.id()
        if let price = object.optional("price") ?? object.optional("plan") {
            self.price = try Price(price)
        }
        quantity = try object.optionalInteger("quantity")
        currentPeriodStart = try object.optionalInteger("current_period_start")
        currentPeriodEnd = try object.optionalInteger("current_period_end")
    }
}
