public import Logging
public import MirrorStore
public import ServiceLifecycle
public import Stripe
public import StripeClient

/// Watches the webhook endpoint at Stripe: whether it is there, is enabled, and is sent all that the mirror needs.
///
/// Without it, that webhooks have ceased shows only in what sweeps find. It is one call of the least urgent lane, and what it saw
/// is kept in the mirror. Readiness does not depend on it: with sweeps the mirror stays right, only later.
public struct EndpointWatch: Service {
    private let expected: ExpectedEndpoint
    private let client: StripeClient
    private let log: EndpointLog
    private let interval: Duration
    private let now: @Sendable () -> Double
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - expected: What the endpoint has to be; without an address it is not watched.
    ///   - client: Calls Stripe.
    ///   - log: Keeps how the endpoint was seen.
    ///   - interval: The time between two looks.
    ///   - now: Unix seconds by this machine's clock.
    ///   - clock: Counts the pauses.
    ///   - logger: Gets a line when something becomes wrong with the endpoint, and one when all is right again.
    public init(
        expected: ExpectedEndpoint,
        client: StripeClient,
        log: EndpointLog,
        interval: Duration,
        now: @escaping @Sendable () -> Double,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.expected = expected
        self.client = client
        self.log = log
        self.interval = interval
        self.now = now
        self.clock = clock
        self.logger = logger
    }

    /// What was said last, so that each thing is said once.
    private struct Told {
        var faults: [EndpointFault] = []
        var isFailing = false
    }

    /// Why it is watched no longer.
    private enum End: Sendable {
        case cancelled, forbidden
    }

    /// Watches until the service is shut down.
    ///
    /// - Throws: `CancellationError` where it is cancelled instead.
    public func run() async throws {
        if let url = expected.url, await cancelWhenGracefulShutdown({ await watch(url) }) == .cancelled { return }
        // What was seen once is no news of an endpoint that nobody watches.
        await forget()
        // A service that ends would end the daemon.
        try await gracefulShutdown()
    }

    private func watch(_ url: String) async -> End {
        var told = Told()
        while !Task.isCancelled {
            do throws(SyncError) {
                let (before, state) = try await look(for: url)
                tell(state, before, &told)
            } catch .call(let error) where error.status == 403 {
                let names = error.stripeError?.missingPermissions.joined(separator: " ") ?? ""
                logger.warning(
                    "the webhook endpoint is not watched: the restricted key lacks the permission 'Webhook Endpoints: Read'",
                    metadata: ["permission": "\(names)", "cause": "\(error)"]
                )
                return .forbidden
            } catch {
                if Task.isCancelled { break }
                tell(error, &told)
            }
            do {
                try await clock.sleep(for: interval)
            } catch {
                break
            }
        }
        return .cancelled
    }

    /// Looks once, and keeps what is seen.
    ///
    /// - Parameter url: The address that Stripe reaches the daemon by.
    /// - Returns: How the endpoint was seen before, and how it is now.
    /// - Throws: ``SyncError``; then what was seen before stays.
    func look(for url: String) async throws(SyncError) -> (before: EndpointState?, now: EndpointState) {
        let known: [EndpointRegistration]
        do {
            known = try await client.listWebhookEndpoints(lane: .verify)
        } catch {
            throw .call(error)
        }
        let judgement = expected.judge(known)
        let state = EndpointState(
            url: url,
            endpoint: judgement.endpoint?.id,
            faults: judgement.faults,
            since: now(),
            checkedAt: now()
        )
        let before = try await SyncError.stored { () async throws(MirrorError) in try await log.save(state) }
        return (before, state)
    }

    private func tell(_ state: EndpointState, _ before: EndpointState?, _ told: inout Told) {
        if state.faults.isEmpty {
            // Also what was wrong before the start.
            if before?.faults.isEmpty == false {
                logger.notice(
                    "the webhook endpoint is as it should be again",
                    metadata: ["endpoint": "\(state.endpoint ?? "none")"]
                )
            }
        } else if told.faults != state.faults {
            logger.warning(
                state.losesEvents
                    ? "the webhook endpoint does not bring all events, which come by sweep instead; 'portald doctor' says why"
                    : "the webhook endpoint is not as it should be; 'portald doctor' says why",
                metadata: [
                    "endpoint": "\(state.endpoint ?? "none")",
                    "faults": "\(state.faults.map(Self.text).joined(separator: "; "))",
                ]
            )
        }
        told = Told(faults: state.faults)
    }

    private static func text(_ fault: EndpointFault) -> String {
        ([fault.kind.rawValue] + fault.details).joined(separator: " ")
    }

    /// What the sweeps meet too is theirs to tell.
    private func tell(_ error: SyncError, _ told: inout Told) {
        guard !error.isTransient, !told.isFailing else { return }
        told.isFailing = true
        logger.warning("the webhook endpoint cannot be looked at; it is tried again", metadata: ["cause": "\(error)"])
    }

    private func forget() async {
        do {
            try await log.clear()
        } catch {
            guard error != .stopped else { return }
            logger.error("cannot forget the webhook endpoint", metadata: ["cause": "\(error)"])
        }
    }
}
