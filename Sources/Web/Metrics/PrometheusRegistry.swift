public import Metrics
internal import NIOConcurrencyHelpers

/// Keeps metrics, and writes them down as Prometheus reads them.
///
/// Labels of swift-metrics are names, dimensions are labels. A counter stays one; a meter, and a recorder that does not
/// aggregate, is a gauge; a recorder that aggregates is a histogram with ``PrometheusHistogram/sizes`` as its buckets, and
/// a timer one in seconds with ``PrometheusHistogram/seconds``.
///
/// Who asks for the same name and labels again gets the same metric. Text exposition format 0.0.4:
/// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
public final class PrometheusRegistry: MetricsFactory, Sendable {
    /// The type of a response's body.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private struct Family {
        var kind: PrometheusKind
        var series: [PrometheusLabels: any PrometheusSeries] = [:]
    }

    private let help: [String: String]
    private let families = NIOLockedValueBox<[String: Family]>([:])

    /// - Parameter help: What each metric says, by its name.
    public init(help: [String: String]) {
        self.help = help
    }

    /// All metrics, in the order of their names and labels.
    public func text() -> String {
        let families = families.withLockedValue { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            if let help = help[name] {
                text += "# HELP \(name) \(PrometheusText.escaped(help: help))\n"
            }
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(name, labels, to: &text)
            }
        }
        return text
    }

    /// A total that is counted elsewhere, and set as it is read.
    func counter(_ name: String, _ dimensions: [(String, String)] = []) -> PrometheusValue {
        series(name, dimensions, .counter) { PrometheusValue() }
    }

    /// A value that goes up and down.
    func gauge(_ name: String, _ dimensions: [(String, String)] = []) -> PrometheusValue {
        series(name, dimensions, .gauge) { PrometheusValue() }
    }

    private func histogram(
        _ name: String,
        _ dimensions: [(String, String)],
        _ bounds: [Double]
    ) -> PrometheusHistogram {
        series(name, dimensions, .histogram) { PrometheusHistogram(bounds: bounds) }
    }

    private func series<Series: PrometheusSeries>(
        _ name: String,
        _ dimensions: [(String, String)],
        _ kind: PrometheusKind,
        _ make: () -> Series
    ) -> Series {
        let labels = PrometheusLabels(dimensions)
        // Names are written in the source, never taken from a request.
        precondition(PrometheusText.isName(name) && labels.areNamed, "\(name) or one of its labels is no name")
        return families.withLockedValue { families in
            var family = families[name] ?? Family(kind: kind)
            precondition(family.kind == kind, "\(name) is a \(family.kind) already")
            if let known = family.series[labels] as? Series { return known }
            let made = make()
            family.series[labels] = made
            families[name] = family
            return made
        }
    }

    // MARK: MetricsFactory

    /// The counter of that name.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    /// The counter of that name.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    /// The gauge of that name.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// The histogram of that name, or the gauge where single values do not matter.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions, PrometheusHistogram.sizes) : gauge(label, dimensions)
    }

    /// The histogram of that name, in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions, PrometheusHistogram.seconds)
    }

    // A series that came and went would look like a restart: each stays as long as the daemon.

    /// Does nothing.
    public func destroyCounter(_ handler: any CounterHandler) {}

    /// Does nothing.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}

    /// Does nothing.
    public func destroyMeter(_ handler: any MeterHandler) {}

    /// Does nothing.
    public func destroyRecorder(_ handler: any RecorderHandler) {}

    /// Does nothing.
    public func destroyTimer(_ handler: any TimerHandler) {}
}
