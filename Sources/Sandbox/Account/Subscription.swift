/// One price of a subscription, with its own billing period.
struct SubscriptionItem: Sendable, Hashable {
    var id: String
    var created: Int
    var price: String
    var quantity: Int
    /// Unix seconds.
    var periodStart: Int
    /// Unix seconds.
    var periodEnd: Int
    var metadata: JSONObject = [:]
}

/// A subscription: <https://docs.stripe.com/api/subscriptions/object>.
struct Subscription: TableObject, Sendable {
    struct PauseCollection: Sendable, Hashable {
        var behavior: String
        var resumesAt: Int?
    }

    struct CancellationDetails: Sendable, Hashable {
        var comment: String?
        var feedback: String?
        var reason: String?
    }

    var id: String
    var created: Int
    var customer: String
    var currency: String
    var items: [SubscriptionItem]
    var latestInvoice: String
    var status = SubscriptionStatus.active
    var billingCycleAnchor: Int
    var cancelAt: Int?
    var cancelAtPeriodEnd = false
    var canceledAt: Int?
    var cancellationDetails = CancellationDetails()
    var description: String?
    var endedAt: Int?
    var metadata: JSONObject = [:]
    /// The customer's.
    var testClock: String?
    var pauseCollection: PauseCollection?
    var trialStart: Int?
    var trialEnd: Int?
    /// Whether `trial_will_end` was sent for the present trial.
    var announcedTrialEnd = false

    /// The end of the period in which all items run; a scheduled cancellation takes effect then.
    var periodEnd: Int {
        items.map(\.periodEnd).max() ?? created
    }

    /// Ended for good: only metadata and cancellation details may still change.
    var isEnded: Bool {
        status.isEnded
    }
}

/// A subscription's status: <https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses>.
public enum SubscriptionStatus: String, Sendable, CaseIterable {
    /// The first payment is outstanding.
    case incomplete
    /// The first payment was not made in time.
    case incompleteExpired = "incomplete_expired"
    /// In a trial.
    case trialing
    /// Paid.
    case active
    /// A renewal's payment failed and is being retried.
    case pastDue = "past_due"
    /// Ended.
    case canceled
    /// Retries have ended and the subscription was left open.
    case unpaid
    /// The trial ended without a payment method.
    case paused

    var isEnded: Bool {
        self == .canceled || self == .incompleteExpired
    }
}
