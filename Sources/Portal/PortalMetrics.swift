public import Metrics

/// What ``BillingPortal`` counts.
public struct PortalMetrics: Sendable {
    /// What each metric says, by its name.
    public static let help = [
        decisionLabel:
            "Time from a user to the decision on the portal, by the mirror alone and before Stripe is called."
    ]

    private static let decisionLabel = "portald_portal_decision_duration_seconds"

    private let decision: Timer

    /// - Parameter factory: Makes the counters; by default what is counted goes nowhere.
    public init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        decision = Timer(label: Self.decisionLabel, factory: factory)
    }

    func decided(in duration: Duration) {
        decision.record(duration: duration)
    }
}
