import MirrorStore
import Portal
import StripeClient
import Sync
import Web

/// The daemon's metrics, each made where it is counted and gathered here.
struct DaemonMetrics {
    let writer: MirrorWriterMetrics
    let client: StripeClientMetrics
    let portal: PortalMetrics
    let intake: WebhookIntakeMetrics
    let requests: RequestMetrics

    private let registry: PrometheusRegistry
    private let startedAt: Double

    /// - Parameter now: Unix seconds by this machine's clock.
    init(at now: Double) {
        let help = [
            MirrorWriterMetrics.help, StripeClientMetrics.help, PortalMetrics.help, WebhookIntakeMetrics.help,
            RequestMetrics.help, MirrorCollector.help, CallCollector.help, EndpointCollector.help,
            ProcessCollector.help,
        ]
        registry = PrometheusRegistry(help: Dictionary(uniqueKeysWithValues: help.joined().map { ($0.key, $0.value) }))
        writer = MirrorWriterMetrics(factory: registry)
        client = StripeClientMetrics(factory: registry)
        portal = PortalMetrics(factory: registry)
        intake = WebhookIntakeMetrics(factory: registry)
        requests = RequestMetrics(factory: registry)
        startedAt = now
    }

    /// What the admin listener shows of them.
    func page(store: MirrorStore, writer: MirrorWriter?, limiter: RateLimiter, calls: PortalCalls) -> MetricsPage {
        MetricsPage(
            registry: registry,
            mirror: MirrorCollector(store: store, writer: writer, now: SyncParts.now, registry: registry),
            calls: CallCollector(limiter: limiter, calls: calls, registry: registry),
            endpoint: EndpointCollector(log: EndpointLog(store: store), registry: registry),
            process: ProcessCollector(version: Version.current, startedAt: startedAt, registry: registry)
        )
    }
}
