/// A deep link into one page of the portal.
///
/// Source: https://docs.stripe.com/customer-management/portal-deep-links.
public enum PortalFlow: Hashable, Sendable {
    /// Adds a payment method and makes it the default one.
    case paymentMethodUpdate
    /// Cancels this subscription.
    case subscriptionCancel(subscription: String)
    /// Chooses another price or quantity for this subscription.
    case subscriptionUpdate(subscription: String)
    /// Confirms this change of a subscription's one item.
    case subscriptionUpdateConfirm(subscription: String, change: ItemChange)

    /// What becomes of a subscription's item.
    public struct ItemChange: Hashable, Sendable {
        /// The item's id, `si_…`.
        public var item: String
        /// The id of its new price.
        public var price: String
        /// Its new quantity; nil leaves it as it is.
        public var quantity: Int?

        /// A change.
        public init(item: String, price: String, quantity: Int? = nil) {
            self.item = item
            self.price = price
            self.quantity = quantity
        }
    }

    /// The subscription that it is about.
    public var subscription: String? {
        switch self {
        case .paymentMethodUpdate: nil
        case .subscriptionCancel(let id), .subscriptionUpdate(let id), .subscriptionUpdateConfirm(let id, _): id
        }
    }

    /// Stripe's name for it.
    public var type: String {
        switch self {
        case .paymentMethodUpdate: "payment_method_update"
        case .subscriptionCancel: "subscription_cancel"
        case .subscriptionUpdate: "subscription_update"
        case .subscriptionUpdateConfirm: "subscription_update_confirm"
        }
    }

    /// The value of `flow_data`; the portal sends the customer back as soon as they are done.
    func form(returnURL: String) -> FormEncoding.Value {
        var fields = [FormEncoding.Field("type", .string(type))]
        if let subscription {
            var options = [FormEncoding.Field("subscription", .string(subscription))]
            if case .subscriptionUpdateConfirm(_, let change) = self {
                options.append(.init("items", .list([change.form])))
            }
            fields.append(.init(type, .object(options)))
        }
        let redirect = FormEncoding.Field("redirect", .object([.init("return_url", .string(returnURL))]))
        fields.append(.init("after_completion", .object([.init("type", .string("redirect")), redirect])))
        return .object(fields)
    }
}

extension PortalFlow.ItemChange {
    fileprivate var form: FormEncoding.Value {
        var fields = [FormEncoding.Field("id", .string(item)), .init("price", .string(price))]
        if let quantity { fields.append(.init("quantity", .integer(quantity))) }
        return .object(fields)
    }
}
