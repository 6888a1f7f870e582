internal import Metrics
internal import NIOConcurrencyHelpers

/// The one number of a counter or a gauge.
final class PrometheusValue: PrometheusSeries {
    private let value = NIOLockedValueBox(0.0)

    /// Takes over a value that was read elsewhere; nil where nobody knows, which compares as false with everything.
    func show(_ value: Double?) {
        self.value.withLockedValue { $0 = value ?? .nan }
    }

    func write(_ name: String, _ labels: PrometheusLabels, to text: inout String) {
        text += "\(name)\(labels.inBraces()) \(PrometheusText.number(value.withLockedValue { $0 }))\n"
    }

    func reset() {
        value.withLockedValue { $0 = 0 }
    }
}

extension PrometheusValue: CounterHandler {
    func increment(by amount: Int64) {
        increment(by: Double(amount))
    }
}

extension PrometheusValue: FloatingPointCounterHandler, MeterHandler {
    func increment(by amount: Double) {
        value.withLockedValue { $0 += amount }
    }

    func decrement(by amount: Double) {
        value.withLockedValue { $0 -= amount }
    }

    func set(_ value: Int64) {
        self.value.withLockedValue { $0 = Double(value) }
    }

    func set(_ value: Double) {
        self.value.withLockedValue { $0 = value }
    }
}

extension PrometheusValue: RecorderHandler {
    func record(_ value: Int64) {
        set(value)
    }

    func record(_ value: Double) {
        set(value)
    }
}
