import Logging
import Stripe
import StripeClient
import TestSupport

extension StripeClient {
    /// A client of a server, with a transport of its own; pauses take no time, and calls do not wait for their turn.
    init(
        of server: RawServer,
        clock: any Clock<Duration> = RecordingClock(),
        limiter: RateLimiter = RateLimiter(rate: 1000),
        metrics: StripeClientMetrics = StripeClientMetrics(),
        logger: Logger = .silent
    ) throws {
        self.init(
            apiKey: Secret("sk_test_hidden"),
            apiBase: try EndpointURL(server.url),
            apiVersion: "2026-03-25.dahlia",
            userAgent: "portald/0.1 (+https://portald.example)",
            transport: try CurlTransport(),
            limiter: limiter,
            clock: clock,
            randomness: { 1 },
            metrics: metrics,
            logger: logger
        )
    }
}
