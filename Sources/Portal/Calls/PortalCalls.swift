public import Logging
public import MirrorStore
public import ServiceLifecycle
public import StripeClient

/// The portal's calls to Stripe.
///
/// Users who ask twice at a time share one call, nobody asks while Stripe does not answer, and what Stripe says that it does
/// not know is read anew.
public final class PortalCalls: Service {
    private struct Key: Hashable, Sendable {
        var user: UserID
        var parameters: PortalSessionParameters
    }

    private let shared = SharedCalls<Key, Result<PortalSession, PortalFailure>>()
    private let call: PortalCall
    private let breaker: StripeBreaker

    /// - Parameters:
    ///   - client: Calls Stripe.
    ///   - reads: The mirror's side of reads; nil where another machine's daemon reads.
    ///   - now: Unix seconds by this machine's clock.
    ///   - clock: Counts the pauses between probes.
    ///   - randomness: A number in 0...1 for each pause.
    ///   - logger: Gets a line when Stripe ceases to answer, and one when it answers again.
    public init(
        client: StripeClient,
        reads: ObjectReads?,
        now: @escaping @Sendable () -> Double,
        clock: some Clock<Duration> = ContinuousClock(),
        randomness: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        logger: Logger
    ) {
        breaker = StripeBreaker(client: client, clock: clock, randomness: randomness, logger: logger)
        call = PortalCall(client: client, breaker: breaker, reads: reads, now: now)
    }

    /// Whether requests are refused without a call, because Stripe does not answer.
    public var isBreakerOpen: Bool { breaker.isOpen }

    /// Probes whether Stripe answers again, where it did not, until the service is shut down.
    public func run() async {
        await cancelWhenGracefulShutdown { await self.breaker.run() }
    }

    /// Creates a portal session, or joins the call that is creating the same one for the same user.
    ///
    /// - Throws: ``PortalFailure``.
    func session(for user: UserID, _ parameters: PortalSessionParameters) async throws(PortalFailure) -> PortalSession {
        let result = await shared.value(for: Key(user: user, parameters: parameters)) { [call] in
            do throws(PortalFailure) {
                return .success(try await call.session(parameters))
            } catch {
                return .failure(error)
            }
        }
        guard let result else {
            throw PortalFailure(.stripeUnavailable, cause: "the call to Stripe was cancelled")
        }
        return try result.get()
    }
}
