/// What came in during some time, in intervals of equal length.
public struct Activity: Sendable, Hashable {
    /// Seconds for which it is kept.
    public static let memory: Int64 = 2 * 86_400

    /// What came in during one of them.
    public struct Interval: Sendable, Hashable {
        /// Its beginning, Unix seconds by this machine's clock.
        public var start: Int64
        /// Events by what became of them, however they came.
        public var outcomes: [Outcome: Int] = [:]
        /// How many of them Stripe delivered.
        public var deliveries = 0
        /// Seconds from an event's making to its delivery, of all deliveries together.
        public var delay: Int64 = 0
        /// Seconds from an event's making to its delivery, of the slowest delivery.
        public var longestDelay: Int64 = 0

        /// An interval in which nothing came.
        public init(start: Int64) {
            self.start = start
        }

        /// All events.
        public var events: Int { outcomes.values.reduce(0, +) }
    }

    /// The length of an interval in seconds, a multiple of 60.
    public var step: Int64
    /// All of them, the oldest first; the last one is under way.
    public var intervals: [Interval]

    /// Events by what became of them.
    public var outcomes: [Outcome: Int] {
        intervals.reduce(into: [:]) { $0.merge($1.outcomes, uniquingKeysWith: +) }
    }

    /// Events that Stripe delivered.
    public var deliveries: Int { intervals.reduce(0) { $0 + $1.deliveries } }

    /// Seconds from an event's making to its delivery, on average; nil where nothing was delivered.
    public var averageDelay: Double? {
        guard deliveries > 0 else { return nil }
        return Double(intervals.reduce(0) { $0 + $1.delay }) / Double(deliveries)
    }

    /// Seconds from an event's making to its delivery, of the slowest delivery.
    public var longestDelay: Int64 { intervals.map(\.longestDelay).max() ?? 0 }
}
