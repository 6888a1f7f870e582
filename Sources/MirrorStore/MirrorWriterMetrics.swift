public import Metrics

/// What ``MirrorWriter`` counts.
public struct MirrorWriterMetrics: Sendable {
    /// What each metric says, by its name.
    public static let help = [
        eventsLabel: "Events taken in, by how they came here and what became of them.",
        commitSizeLabel: "Events that shared a transaction.",
        commitDurationLabel: "Time a transaction took, the wait for the disk included.",
        commitFailuresLabel: "Transactions that could not be committed; every event in them is sent again.",
    ]

    private static let eventsLabel = "portald_events_total"
    private static let commitSizeLabel = "portald_commit_events"
    private static let commitDurationLabel = "portald_commit_duration_seconds"
    private static let commitFailuresLabel = "portald_commit_failures_total"

    private struct Fate: Hashable {
        var source: Delivery.Source
        var outcome: Outcome
    }

    private let events: [Fate: Counter]
    private let commitSize: Recorder
    private let commitDuration: Timer
    private let commitFailures: Counter

    /// - Parameter factory: Makes the counters; by default what is counted goes nowhere.
    public init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        var events: [Fate: Counter] = [:]
        for source in [Delivery.Source.webhook, .sweep, .replay] {
            for outcome in Outcome.allCases {
                events[Fate(source: source, outcome: outcome)] = Counter(
                    label: Self.eventsLabel,
                    dimensions: [("source", source.rawValue), ("outcome", outcome.rawValue)],
                    factory: factory
                )
            }
        }
        self.events = events
        commitSize = Recorder(label: Self.commitSizeLabel, factory: factory)
        commitDuration = Timer(label: Self.commitDurationLabel, factory: factory)
        commitFailures = Counter(label: Self.commitFailuresLabel, factory: factory)
    }

    func committed(_ deliveries: [Delivery], _ outcomes: some Sequence<Outcome>, in duration: Duration) {
        commitSize.record(deliveries.count)
        commitDuration.record(duration: duration)
        for (delivery, outcome) in zip(deliveries, outcomes) {
            events[Fate(source: delivery.source, outcome: outcome)]?.increment()
        }
    }

    func failed(in duration: Duration) {
        commitDuration.record(duration: duration)
        commitFailures.increment()
    }
}
