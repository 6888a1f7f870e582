/// How a sandbox is set up.
public struct SandboxConfiguration: Sendable {
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 lets the system choose.
    public var port = 0
    /// The key that callers must present.
    ///
    /// A `_live_` key makes all objects live ones.
    public var secretKey = "sk_test_sandbox"
    /// The account's API version: that of calls without `Stripe-Version`, of `GET /v1/events`, and of endpoints without
    /// a version of their own.
    public var apiVersion = "2026-03-25.dahlia"
    /// The endpoints at the start.
    public var endpoints: [WebhookEndpoint] = []
    /// How long after each failed attempt the next one follows; the list's end is the end of the attempts.
    ///
    /// Stripe's own intervals are unpublished (exponential over three days); these are short enough to watch.
    public var retryDelays: [Duration] = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map { .seconds($0) }
    /// How long an endpoint may take to answer.
    public var deliveryTimeout: Duration = .seconds(10)
    /// How many API calls are taken per second; the others are answered 429.
    ///
    /// nil takes all; Stripe's limits are 100 in live mode and 25 in a sandbox.
    public var rateLimit: Int?
    /// How many deliveries one endpoint gets at a time.
    ///
    /// 1 keeps them in order; Stripe promises no order.
    public var concurrentDeliveries = 1
    /// Makes ids, secrets and faults repeatable; nil draws them from the system.
    public var seed: UInt64?
    /// The present time in Unix seconds.
    public var now: @Sendable () -> Int
    /// Counts the delays of retries and faults.
    public var clock: any Clock<Duration> = ContinuousClock()

    /// Creates a configuration with the defaults above.
    ///
    /// - Parameter now: The present time in Unix seconds.
    public init(now: @escaping @Sendable () -> Int) {
        self.now = now
    }
}
