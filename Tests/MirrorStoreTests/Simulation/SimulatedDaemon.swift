/// What the simulated daemon has in memory, and its mark on disk.
struct SimulatedDaemon: Sendable {
    /// Seconds between sweeps.
    static let sweepPeriod: Double = 300
    /// Seconds by which a sweep goes back behind the last one's beginning.
    static let overlap: Double = 600
    /// Seconds after a first failure; they double with each further one.
    static let shortestBackoff: Double = 2
    static let longestBackoff: Double = 30

    var isUp = true
    /// Counts the processes: what an ended one has sent comes to nothing.
    var life = 0
    /// Whether a read of the object is on its way, or waits after a failure.
    var isReading = false
    var backoff = shortestBackoff
    /// Reads sent so far, by which the API's answers take turns.
    var sent = 0
    /// The second in which the last finished sweep began.
    var lastSweep: Double = -.infinity
    /// The newest `created` of any event that has come in.
    var newestEvent: Double = -.infinity

    /// A process ends or begins.
    mutating func begin(isUp: Bool) {
        self.isUp = isUp
        life += 1
        isReading = false
        if !isUp {
            backoff = Self.shortestBackoff
        }
    }
}

/// What the daemon does around the mirror, to be done wrong in tests that the simulation notices.
struct DaemonHabits: Hashable, Sendable {
    /// Sweeps go back to the newest known event, not to the last finished sweep.
    var sweepsFromNewestEvent = false
    /// A backfill leaves the sweep's mark at its own end, not at its beginning.
    var marksBackfillAtItsEnd = false
}
