/// Whether Stripe is worth asking: after several failures in a row nobody asks but a probe, until Stripe answers again.
///
/// Any answer closes it, a refusal too. Failures count only where nothing succeeds between them: while one call in five gets
/// through, customers are better served by trying.
///
/// A pure value. Instants are parameters, as the time since a start that the caller chooses.
/// Source: M. Nygard, Release It!, "Circuit Breaker".
struct CircuitBreaker: Sendable, Hashable {
    /// Where it stands.
    enum State: Sendable, Hashable {
        /// Calls go through.
        case closed
        /// No call goes through; a probe is due at that instant.
        case open(probeAt: Duration)
        /// No call goes through; a probe is on its way.
        case halfOpen
    }

    /// How a call or a probe ended.
    enum Outcome: Sendable, Hashable {
        /// Stripe answered, whatever it said.
        case answered
        /// Stripe failed, or there was no answer in time.
        case failed
        /// Stripe was not heard of, for reasons of our own.
        case unknown
    }

    /// What is worth a line in the log.
    enum Change: Sendable, Hashable {
        case opened
        case closed
    }

    /// Failures in a row that open it.
    static let threshold = 5
    /// The pause before the first probe.
    static let shortestPause: Duration = .seconds(1)
    /// The longest pause between probes.
    static let longestPause: Duration = .seconds(30)

    private(set) var state = State.closed
    private var failures = 0
    private var failedProbes = 0

    /// Notes how a call ended that had gone through.
    ///
    /// - Parameters:
    ///   - outcome: How it ended.
    ///   - now: The present instant.
    ///   - randomness: A number in 0...1 that spreads the probes of many daemons.
    /// - Returns: What that changed, where it did.
    mutating func finishCall(_ outcome: Outcome, at now: Duration, randomness: Double) -> Change? {
        switch outcome {
        case .answered:
            return close()
        case .unknown:
            return nil
        case .failed:
            failures += 1
            guard state == .closed, failures >= Self.threshold else { return nil }
            state = .open(probeAt: now + pause(randomness))
            return .opened
        }
    }

    /// Begins a probe; false where none is due.
    mutating func beginProbe(at now: Duration) -> Bool {
        guard case .open(let probeAt) = state, probeAt <= now else { return false }
        state = .halfOpen
        return true
    }

    /// Notes how the probe ended.
    ///
    /// - Parameters:
    ///   - outcome: How it ended.
    ///   - now: The present instant.
    ///   - randomness: A number in 0...1.
    /// - Returns: What that changed, where it did.
    mutating func finishProbe(_ outcome: Outcome, at now: Duration, randomness: Double) -> Change? {
        // A call from before may have closed it meanwhile.
        guard state == .halfOpen else { return nil }
        if outcome == .answered { return close() }
        failedProbes += 1
        state = .open(probeAt: now + pause(randomness))
        return nil
    }

    /// How long a call that does not go through should wait before it is tried again; nil where it goes through.
    func refusal(at now: Duration) -> Duration? {
        switch state {
        case .closed: nil
        case .open(let probeAt): max(probeAt - now, Self.shortestPause)
        case .halfOpen: Self.shortestPause
        }
    }

    private mutating func close() -> Change? {
        let change: Change? = state == .closed ? nil : .closed
        state = .closed
        failures = 0
        failedProbes = 0
        return change
    }

    /// 1 s, doubled with each failed probe up to 30 s, of which a random half is taken away.
    private func pause(_ randomness: Double) -> Duration {
        var pause = Self.shortestPause
        for _ in 0..<failedProbes where pause < Self.longestPause { pause *= 2 }
        return min(pause, Self.longestPause) * (0.5 + 0.5 * randomness)
    }
}
