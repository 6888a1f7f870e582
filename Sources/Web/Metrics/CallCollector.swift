public import Portal
public import StripeClient

/// How calls to Stripe stand: the budget they share, and whether they are made at all.
public struct CallCollector: MetricsCollector {
    /// What each metric says, by its name.
    public static let help = [
        tokensName: "Calls to Stripe that the budget allows at once.",
        rateName:
            "Calls to Stripe a second that the budget allows at present; falls after Stripe has limited the rate.",
        waitingName: "Calls to Stripe that wait for their turn, by lane.",
        breakerName: "1 while portal requests are refused at once because Stripe does not answer, otherwise 0.",
    ]

    private static let tokensName = "portald_stripe_budget_tokens"
    private static let rateName = "portald_stripe_budget_calls_per_second"
    private static let waitingName = "portald_stripe_budget_waiting_calls"
    private static let breakerName = "portald_stripe_breaker_open"

    private let limiter: RateLimiter
    private let calls: PortalCalls
    private let tokens: PrometheusValue
    private let rate: PrometheusValue
    private let waiting: [Lane: PrometheusValue]
    private let breaker: PrometheusValue

    /// - Parameters:
    ///   - limiter: The budget.
    ///   - calls: The portal's calls.
    ///   - registry: Gets the metrics.
    public init(limiter: RateLimiter, calls: PortalCalls, registry: PrometheusRegistry) {
        self.limiter = limiter
        self.calls = calls
        tokens = registry.gauge(Self.tokensName)
        rate = registry.gauge(Self.rateName)
        waiting = Dictionary(
            uniqueKeysWithValues: Lane.allCases.map { ($0, registry.gauge(Self.waitingName, [("lane", $0.name)])) }
        )
        breaker = registry.gauge(Self.breakerName)
    }

    func collect() {
        let snapshot = limiter.snapshot
        tokens.show(snapshot.tokens)
        rate.show(snapshot.presentRate)
        for (lane, value) in waiting {
            value.show(Double(snapshot.waiting[lane] ?? 0))
        }
        breaker.show(calls.isBreakerOpen ? 1 : 0)
    }
}
