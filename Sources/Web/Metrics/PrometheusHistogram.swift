internal import Metrics
internal import NIOConcurrencyHelpers

/// How values are distributed, in buckets that are the same for all metrics of a unit.
final class PrometheusHistogram: PrometheusSeries {
    /// Upper bounds for durations: from a look-up in the mirror to a call that was given up.
    static let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
    /// Upper bounds for numbers of things.
    static let sizes: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256]

    private struct State {
        /// Values in each bucket alone; the last are those above all bounds.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: NIOLockedValueBox<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = NIOLockedValueBox(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func write(_ name: String, _ labels: PrometheusLabels, to text: inout String) {
        let state = state.withLockedValue { $0 }
        var count: UInt64 = 0
        for (bound, values) in zip(bounds + [.infinity], state.counts) {
            count += values
            let bucket = labels.inBraces(adding: #"le="\#(PrometheusText.number(bound))""#)
            text += "\(name)_bucket\(bucket) \(count)\n"
        }
        text += "\(name)_sum\(labels.inBraces()) \(PrometheusText.number(state.sum))\n"
        text += "\(name)_count\(labels.inBraces()) \(count)\n"
    }
}

extension PrometheusHistogram: RecorderHandler {
    func record(_ value: Int64) {
        record(Double(value))
    }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLockedValue { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }
}

extension PrometheusHistogram: TimerHandler {
    func recordNanoseconds(_ duration: Int64) {
        record(Double(duration) / 1_000_000_000)
    }
}
