internal import Hummingbird

/// Reads values at the time of a scrape that nobody counts as they change.
protocol MetricsCollector: Sendable {
    /// Sets its metrics.
    func collect() async
}

/// What `GET /metrics` answers.
public struct MetricsPage: Sendable {
    private let registry: PrometheusRegistry
    private let collectors: [any MetricsCollector]

    /// - Parameters:
    ///   - registry: Has what is counted.
    ///   - mirror: Reads what the mirror knows.
    ///   - calls: Reads how calls to Stripe stand.
    ///   - endpoint: Reads how the webhook endpoint was last seen.
    ///   - process: Reads what the system knows of the process.
    public init(
        registry: PrometheusRegistry,
        mirror: MirrorCollector,
        calls: CallCollector,
        endpoint: EndpointCollector,
        process: ProcessCollector
    ) {
        self.registry = registry
        collectors = [mirror, calls, endpoint, process]
    }

    /// Reads everything anew.
    func response() async -> Response {
        for collector in collectors {
            await collector.collect()
        }
        return Response(
            status: .ok,
            headers: [.contentType: PrometheusRegistry.contentType, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: registry.text()))
        )
    }
}
