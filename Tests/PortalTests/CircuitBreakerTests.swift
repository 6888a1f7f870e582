import Testing

@testable import Portal

@Suite struct CircuitBreakerTests {
    /// A breaker that an expectation can change.
    private final class Breaker {
        private var breaker = CircuitBreaker()

        var state: CircuitBreaker.State { breaker.state }

        func finishCall(_ outcome: CircuitBreaker.Outcome, at now: Duration, randomness: Double) -> CircuitBreaker.Change? {
            breaker.finishCall(outcome, at: now, randomness: randomness)
        }

        func beginProbe(at now: Duration) -> Bool { breaker.beginProbe(at: now) }

        func finishProbe(_ outcome: CircuitBreaker.Outcome, at now: Duration, randomness: Double) -> CircuitBreaker.Change? {
            breaker.finishProbe(outcome, at: now, randomness: randomness)
        }

        func refusal(at now: Duration) -> Duration? { breaker.refusal(at: now) }
    }

    /// A breaker that has just opened at zero, with full pauses.
    private func opened() -> Breaker {
        let breaker = Breaker()
        for _ in 1..<CircuitBreaker.threshold {
            #expect(breaker.finishCall(.failed, at: .zero, randomness: 1) == nil)
            #expect(breaker.refusal(at: .zero) == nil)
        }
        #expect(breaker.finishCall(.failed, at: .zero, randomness: 1) == .opened)
        return breaker
    }

    @Test func opensAfterFailuresInARow() {
        let breaker = opened()
        #expect(breaker.state == .open(probeAt: .seconds(1)))
        #expect(breaker.refusal(at: .zero) == .seconds(1))
        #expect(breaker.refusal(at: .seconds(5)) == .seconds(1))
    }

    @Test func anAnswerBetweenKeepsItClosed() {
        let breaker = Breaker()
        for step in 0..<100 {
            let outcome: CircuitBreaker.Outcome = step % 5 == 4 ? .answered : .failed
            #expect(breaker.finishCall(outcome, at: .zero, randomness: 0) == nil)
        }
        #expect(breaker.state == .closed)
    }

    @Test func whatIsNotStripesDoingCountsForNothing() {
        let breaker = Breaker()
        for _ in 0..<4 { _ = breaker.finishCall(.failed, at: .zero, randomness: 1) }
        for _ in 0..<10 { #expect(breaker.finishCall(.unknown, at: .zero, randomness: 1) == nil) }
        #expect(breaker.finishCall(.failed, at: .zero, randomness: 1) == .opened)
        #expect(breaker.finishCall(.unknown, at: .zero, randomness: 1) == nil)
        #expect(breaker.state != .closed)
    }

    @Test func onlyAProbeGoesThroughAndOnlyOne() {
        let breaker = opened()
        #expect(!breaker.beginProbe(at: .milliseconds(999)))
        #expect(breaker.beginProbe(at: .seconds(1)))
        #expect(breaker.state == .halfOpen)
        #expect(!breaker.beginProbe(at: .seconds(1)))
        #expect(breaker.refusal(at: .seconds(1)) == .seconds(1))
        #expect(breaker.finishProbe(.answered, at: .seconds(2), randomness: 1) == .closed)
        #expect(breaker.refusal(at: .seconds(2)) == nil)
        // Its past is forgotten.
        #expect(breaker.finishCall(.failed, at: .seconds(2), randomness: 1) == nil)
    }

    @Test func pausesDoubleUpToHalfAMinute() {
        let breaker = opened()
        var now = Duration.seconds(1)
        for seconds in [2, 4, 8, 16, 30, 30, 30] {
            #expect(breaker.beginProbe(at: now))
            #expect(breaker.finishProbe(.failed, at: now, randomness: 1) == nil)
            #expect(breaker.refusal(at: now) == .seconds(seconds))
            #expect(breaker.state == .open(probeAt: now + .seconds(seconds)))
            now += .seconds(seconds)
        }
        #expect(breaker.beginProbe(at: now))
        #expect(breaker.finishProbe(.unknown, at: now, randomness: 0) == nil)
        #expect(breaker.state == .open(probeAt: now + .seconds(15)))
    }

    @Test func aCallFromBeforeMayCloseIt() {
        let breaker = opened()
        #expect(breaker.finishCall(.failed, at: .zero, randomness: 1) == nil)
        #expect(breaker.finishCall(.answered, at: .zero, randomness: 1) == .closed)
        #expect(breaker.finishCall(.answered, at: .zero, randomness: 1) == nil)

        let probing = opened()
        #expect(probing.beginProbe(at: .seconds(1)))
        #expect(probing.finishCall(.answered, at: .seconds(1), randomness: 1) == .closed)
        #expect(probing.finishProbe(.failed, at: .seconds(2), randomness: 1) == nil)
        #expect(probing.state == .closed)
    }
}
