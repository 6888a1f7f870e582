public import Metrics

/// What ``StripeClient`` counts.
public struct StripeClientMetrics: Sendable {
    /// What each metric says, by its name.
    public static let help = [
        callsLabel: "Calls to Stripe's API, all attempts of one together, by lane and how they ended.",
        durationLabel: "Time a call to Stripe's API took, by lane; attempts, pauses and waits for its turn included.",
    ]

    private static let callsLabel = "portald_stripe_calls_total"
    private static let durationLabel = "portald_stripe_call_duration_seconds"

    /// How a call ended.
    enum Result: String, CaseIterable {
        case succeeded, refused, busy, unavailable, unreadable, cancelled
        case timedOut = "timed_out"
        case crowdedOut = "crowded_out"

        init(_ error: StripeCallError) {
            self =
                switch error {
                case .refused: .refused
                case .busy: .busy
                case .unavailable: .unavailable
                case .timedOut: .timedOut
                case .crowdedOut: .crowdedOut
                case .unreadable: .unreadable
                case .cancelled: .cancelled
                }
        }
    }

    private struct End: Hashable {
        var lane: Lane
        var result: Result
    }

    private var calls: [End: Counter] = [:]
    private var durations: [Lane: Timer] = [:]

    /// - Parameter factory: Makes the counters; by default what is counted goes nowhere.
    public init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        for lane in Lane.allCases {
            for result in Result.allCases {
                calls[End(lane: lane, result: result)] = Counter(
                    label: Self.callsLabel,
                    dimensions: [("lane", lane.name), ("result", result.rawValue)],
                    factory: factory
                )
            }
            durations[lane] = Timer(label: Self.durationLabel, dimensions: [("lane", lane.name)], factory: factory)
        }
    }

    func ended(_ lane: Lane, _ result: Result, in duration: Duration) {
        calls[End(lane: lane, result: result)]?.increment()
        durations[lane]?.record(duration: duration)
    }
}
