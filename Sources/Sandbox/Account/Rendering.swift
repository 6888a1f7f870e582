/// How objects are to be rendered: under which API version, and whether as live ones.
///
/// Stripe shows a field that was merely added under older versions too, with few exceptions. The properties tell those
/// exceptions, and what a version moved or took away: <https://docs.stripe.com/changelog>.
struct Rendering: Sendable, Hashable {
    /// For example `2026-03-25.dahlia`.
    ///
    /// Versions begin with their date, so they are ordered as text.
    var apiVersion: String
    var livemode: Bool

    /// Until `2020-08-27` a customer's sources, subscriptions and tax ids came with it, and a subscription had a
    /// `tax_percent`: <https://docs.stripe.com/upgrades#2020-08-27>.
    var inlinesExpandableLists: Bool { apiVersion < "2020-08-27" }

    /// Since `2025-03-31.basil` the billing period belongs to the items:
    /// <https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-subscription-current-period-start-and-end>.
    var hasPeriodOnItems: Bool { apiVersion >= "2025-03-31" }

    /// Until `2025-03-31.basil` a subscription had one `discount` beside its `discounts`.
    var hasSingleDiscount: Bool { apiVersion < "2025-03-31" }

    /// Until `2025-03-31.basil` there were metered prices without a meter.
    var hasAggregateUsage: Bool { apiVersion < "2025-03-31" }

    /// Since `2025-06-30.basil`.
    var hasBillingMode: Bool { apiVersion >= "2025-06-30" }

    /// Since `2025-09-30.clover`.
    var hasFlexibleBillingModeDetails: Bool { apiVersion >= "2025-09-30" }

    /// Recordings at `2025-10-29.clover` do not have it, those at `2026-03-25.dahlia` do.
    var hasCustomerAccount: Bool { apiVersion >= "2025-11" }

    /// Since `2026-09-30.endive`: a subscription's `status_details` and an item's `current_trial`.
    var hasStatusDetails: Bool { apiVersion >= "2026-09-30" }

    /// Whether a text has the form of a version: a date, and since `2024-09-30.acacia` the name of its release.
    static func isAPIVersion(_ text: String) -> Bool {
        text.wholeMatch(of: /\d{4}-\d{2}-\d{2}(\.[a-z]+)?/) != nil
    }
}
