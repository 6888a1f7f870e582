public import MirrorStore
internal import Stripe

/// How the webhook endpoint at Stripe was last seen.
public struct EndpointCollector: MetricsCollector {
    /// What each metric says, by its name.
    public static let help = [
        faultName:
            "1 where that is wrong with the webhook endpoint at Stripe, otherwise 0; NaN where it is not watched.",
        checkedName: "When the webhook endpoint at Stripe was last looked at; 0 where it is not watched.",
    ]

    private static let faultName = "portald_webhook_endpoint_fault"
    private static let checkedName = "portald_webhook_endpoint_checked_timestamp_seconds"

    private let log: EndpointLog
    private let faults: [EndpointFault.Kind: PrometheusValue]
    private let checked: PrometheusValue

    /// - Parameters:
    ///   - log: Knows how it was seen.
    ///   - registry: Gets the metrics.
    public init(log: EndpointLog, registry: PrometheusRegistry) {
        self.log = log
        faults = Dictionary(
            uniqueKeysWithValues: EndpointFault.Kind.allCases.map {
                ($0, registry.gauge(Self.faultName, [("fault", $0.rawValue)]))
            }
        )
        checked = registry.gauge(Self.checkedName)
    }

    func collect() async {
        let state: EndpointState?
        do throws(MirrorError) {
            state = try await log.state()
            checked.show(state?.checkedAt ?? 0)
        } catch {
            state = nil
            checked.show(nil)
        }
        for (kind, value) in faults {
            value.show(state.map { $0.faults.contains { $0.kind == kind } ? 1 : 0 })
        }
    }
}
