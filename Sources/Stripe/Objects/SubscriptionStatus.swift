/// A subscription's status: an open set, since Stripe may add to it in any API version.
/// https://docs.stripe.com/api/subscriptions/object#subscription_object-status
public struct SubscriptionStatus: RawRepresentable, Hashable, Sendable {
    /// Stripe's own word.
    public var rawValue: String

    /// Any word is a status.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Paid, or within its terms.
    public static let active = Self(rawValue: "active")
    /// Ended, by request or for want of payment.
    public static let canceled = Self(rawValue: "canceled")
    /// The first payment is open.
    public static let incomplete = Self(rawValue: "incomplete")
    /// The first payment stayed open for 23 hours.
    public static let incompleteExpired = Self(rawValue: "incomplete_expired")
    /// A renewal is open, and Stripe tries again.
    public static let pastDue = Self(rawValue: "past_due")
    /// A trial ended without a payment method, or the subscription was paused.
    public static let paused = Self(rawValue: "paused")
    /// In its trial.
    public static let trialing = Self(rawValue: "trialing")
    /// A renewal is open, and Stripe has given up.
    public static let unpaid = Self(rawValue: "unpaid")

    /// What Stripe documents today.
    public static let documented: Set<Self> = [
        .active, .canceled, .incomplete, .incompleteExpired, .pastDue, .paused, .trialing, .unpaid,
    ]

    /// Whether no later status can follow.
    public var isFinal: Bool { self == .canceled || self == .incompleteExpired }
}
