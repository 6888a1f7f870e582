/// What came of one history.
struct SimulationReport: Sendable {
    /// A claim that did not hold.
    struct Violation: Hashable, Sendable, CustomStringConvertible {
        var time: Double
        var claim: String

        var description: String { "\(SimulationTrace.clock(time))  \(claim)" }
    }

    var violations: [Violation] = []
    /// Reads that were sent because something waited, without those that failed.
    var reads = 0
    /// Replies that an event had overtaken.
    var dropped = 0
    /// Events that Stripe made.
    var events = 0
    /// What readers of the mirror see in the end.
    var row = MirrorRow(isConfirmed: false)
}
