public import Metrics
internal import Stripe

/// What ``WebhookIntake`` counts.
public struct WebhookIntakeMetrics: Sendable {
    /// What each metric says, by its name.
    public static let help = [
        hitsLabel:
            "Deliveries with a valid signature, by the first eight digits of the SHA-256 of the secret it was made with."
    ]

    private static let hitsLabel = "portald_webhook_secret_hits_total"

    private let factory: any MetricsFactory

    /// - Parameter factory: Makes the counters; by default what is counted goes nowhere.
    public init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        self.factory = factory
    }

    /// A counter for each secret, there from the start: one that stays at 0 says that the secret is not in use.
    func hits(of secrets: [WebhookSecret]) -> [WebhookSecret: Counter] {
        let counters = secrets.map { secret in
            (secret, Counter(label: Self.hitsLabel, dimensions: [("secret", secret.fingerprint)], factory: factory))
        }
        return Dictionary(counters) { first, _ in first }
    }
}
