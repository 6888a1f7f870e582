internal import Logging
internal import NIOConcurrencyHelpers
internal import StripeClient

/// The ``CircuitBreaker`` of the portal's calls, with probes of its own: no customer's click has to find out whether Stripe
/// is back.
final class StripeBreaker: Sendable {
    private let breaker = NIOLockedValueBox(CircuitBreaker())
    private let openings = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let client: StripeClient
    private let now: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let randomness: @Sendable () -> Double
    private let logger: Logger

    /// - Parameters:
    ///   - client: Calls Stripe.
    ///   - clock: Counts the pauses between probes.
    ///   - randomness: A number in 0...1 for each pause.
    ///   - logger: Gets a line when it opens, and one when it closes.
    init(
        client: StripeClient,
        clock: some Clock<Duration>,
        randomness: @escaping @Sendable () -> Double,
        logger: Logger
    ) {
        self.client = client
        let start = clock.now
        now = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
        self.randomness = randomness
        self.logger = logger
    }

    /// Whether no call is let through.
    var isOpen: Bool { breaker.withLockedValue { $0.state != .closed } }

    /// Lets a call through, if Stripe is worth asking.
    ///
    /// - Throws: ``PortalFailure`` with ``PortalError/stripeUnavailable`` where it is not.
    func admit() throws(PortalFailure) {
        guard let wait = breaker.withLockedValue({ $0.refusal(at: now()) }) else { return }
        let cause = "Stripe was not asked: it does not answer, and is probed"
        throw PortalFailure(.stripeUnavailable, cause: cause, retryAfter: wait)
    }

    /// Notes how a call ended that was let through.
    func finishCall(_ outcome: CircuitBreaker.Outcome) {
        report(breaker.withLockedValue { $0.finishCall(outcome, at: now(), randomness: randomness()) })
    }

    /// Probes while it is open, until the task is cancelled.
    func run() async {
        for await _ in openings.stream {
            while let pause = untilProbe {
                do {
                    try await sleep(pause)
                } catch {
                    return
                }
                await probeOnce()
            }
        }
    }

    private var untilProbe: Duration? {
        breaker.withLockedValue { breaker in
            guard case .open(let probeAt) = breaker.state else { return nil }
            return max(probeAt - now(), .zero)
        }
    }

    private func probeOnce() async {
        guard breaker.withLockedValue({ $0.beginProbe(at: now()) }) else { return }
        let outcome: CircuitBreaker.Outcome
        do throws(StripeCallError) {
            try await client.probe()
            outcome = .answered
        } catch {
            outcome = error.outcome
        }
        report(breaker.withLockedValue { $0.finishProbe(outcome, at: now(), randomness: randomness()) })
    }

    private func report(_ change: CircuitBreaker.Change?) {
        switch change {
        case .opened:
            logger.warning(
                "Stripe does not answer: portal requests are refused at once until a probe is answered",
                metadata: ["failures": "\(CircuitBreaker.threshold)"]
            )
            openings.continuation.yield()
        case .closed:
            logger.notice("Stripe answers again: portal requests go through")
        case nil:
            break
        }
    }
}

extension StripeCallError {
    /// What a circuit breaker makes of it.
    var outcome: CircuitBreaker.Outcome {
        switch self {
        case .refused, .busy, .unreadable: .answered
        case .unavailable, .timedOut: .failed
        case .crowdedOut, .cancelled: .unknown
        }
    }
}
