internal import MirrorStore
internal import Portal

/// The answer of `GET /api/subscriptions/user/`; names are Stripe's, times are Unix seconds.
struct SubscriptionsBody: Encodable {
    struct Subscription: Encodable {
        struct Item: Encodable {
            var price: String?
            var product: String?
            var quantity: Int64?

            // A field that Stripe leaves out is null, not absent, so that a client need not ask for both.
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(price, forKey: .price)
                try container.encode(product, forKey: .product)
                try container.encode(quantity, forKey: .quantity)
            }

            enum CodingKeys: CodingKey { case price, product, quantity }
        }

        let subscription: LinkedSubscription

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(subscription.id, forKey: .id)
            try container.encode(subscription.status, forKey: .status)
            try container.encode(subscription.currentPeriodEnd, forKey: .currentPeriodEnd)
            try container.encode(subscription.cancelAt, forKey: .cancelAt)
            try container.encode(subscription.cancelAtPeriodEnd, forKey: .cancelAtPeriodEnd)
            try container.encode(subscription.trialEnd, forKey: .trialEnd)
            let items = subscription.items.map {
                Item(price: $0.price, product: $0.product, quantity: $0.quantity)
            }
            try container.encode(items, forKey: .items)
        }

        enum CodingKeys: String, CodingKey {
            case id, status, items
            case currentPeriodEnd = "current_period_end"
            case cancelAt = "cancel_at"
            case cancelAtPeriodEnd = "cancel_at_period_end"
            case trialEnd = "trial_end"
        }
    }

    var success = true
    var active: Bool
    var subscriptions: [Subscription]

    init(_ overview: BillingPortal.Overview) {
        active = overview.isActive
        subscriptions = overview.subscriptions.map(Subscription.init)
    }
}
