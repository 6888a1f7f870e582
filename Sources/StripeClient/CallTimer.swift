/// How much of its time a call to Stripe has used.
struct CallTimer: Sendable {
    /// The time for all attempts, pauses and waits.
    let budget: Duration
    private let time: @Sendable () -> Duration

    /// Begins now.
    init(budget: Duration, clock: some Clock<Duration>) {
        let start = clock.now
        self.budget = budget
        time = { start.duration(to: clock.now) }
    }

    /// The time since the call began.
    var elapsed: Duration { time() }

    /// The time that is left; below zero where the call has taken too long.
    var remaining: Duration { budget - elapsed }
}
