import FoundationEssentials
public import Logging
public import Stripe

/// Stripe's API: authenticated calls with time budgets and retries.
public struct StripeClient: Sendable {
    private let apiKey: Secret
    let apiBase: EndpointURL
    private let apiVersion: String
    private let userAgent: String
    private let transport: CurlTransport
    private let limiter: RateLimiter
    var retryPolicy: RetryPolicy
    private let clock: any Clock<Duration>
    private let randomness: @Sendable () -> Double
    private let metrics: StripeClientMetrics
    private let log: CallLog

    /// A client of one Stripe account.
    ///
    /// - Parameters:
    ///   - apiKey: a secret (`sk_`) or restricted (`rk_`) key.
    ///   - apiBase: `https://api.stripe.com`, or a stand-in.
    ///   - apiVersion: sent as `Stripe-Version`; decides the shape of replies (https://docs.stripe.com/api/versioning).
    ///   - userAgent: `portald/<version> (+<url>)`.
    ///   - transport: carries the requests; the caller shuts it down.
    ///   - limiter: lets each attempt pass; one for all clients of the account.
    ///   - retryPolicy: the rules for failed attempts.
    ///   - clock: measures budgets and sleeps between attempts.
    ///   - randomness: a number in 0...1 for each pause.
    ///   - metrics: counts calls.
    ///   - logger: gets a line for each call; by default nobody does.
    public init(
        apiKey: Secret,
        apiBase: EndpointURL,
        apiVersion: String,
        userAgent: String,
        transport: CurlTransport,
        limiter: RateLimiter,
        retryPolicy: RetryPolicy = RetryPolicy(),
        clock: any Clock<Duration> = ContinuousClock(),
        randomness: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        metrics: StripeClientMetrics = StripeClientMetrics(),
        logger: Logger = .silent
    ) {
        self.apiKey = apiKey
        self.apiBase = apiBase
        self.apiVersion = apiVersion
        self.userAgent = userAgent
        self.transport = transport
        self.limiter = limiter
        self.retryPolicy = retryPolicy
        self.clock = clock
        self.randomness = randomness
        self.metrics = metrics
        log = CallLog(logger: logger)
    }

    /// A successful reply, and what a caller needs to report on it.
    struct Success {
        let reply: CurlTransport.Reply
        let attempts: Int

        /// The error for a reply that turns out not to be what was asked for.
        func unreadable(_ what: StripeCallError.Unreadable) -> StripeCallError {
            .unreadable(what, status: reply.status, requestID: reply.requestID, attempts: attempts)
        }
    }

    /// Starts to measure the time that a call may take.
    func timer(_ budget: Duration) -> CallTimer { CallTimer(budget: budget, clock: clock) }

    /// Sends a GET until it succeeds, fails for good, or its time is used up.
    ///
    /// - Parameters:
    ///   - path: percent-encoded, from `/v1` on.
    ///   - query: the parameters.
    ///   - lane: whose turn it has to wait for.
    ///   - timer: the time for all attempts, pauses and waits.
    ///   - bodyLimit: the longest body that is read, in bytes; nil takes the transport's limit.
    /// - Returns: the reply.
    /// - Throws: ``StripeCallError``.
    func get(
        _ path: String,
        _ query: FormEncoding = FormEncoding([]),
        lane: Lane,
        timer: CallTimer,
        bodyLimit: Int? = nil
    ) async throws(StripeCallError) -> Success {
        let request = CurlTransport.Request(
            .get,
            apiBase.appending(path, query: query),
            headers: headers,
            timeout: timer.budget,
            bodyLimit: bodyLimit
        )
        return try await send(request, CallLog.Target(method: "GET", path: path, lane: lane), timer: timer)
    }

    /// Sends a POST until it succeeds, fails for good, or its time is used up.
    ///
    /// All attempts carry one `Idempotency-Key`, so Stripe acts on them once (https://docs.stripe.com/api/idempotent_requests).
    func post(
        _ path: String,
        _ form: FormEncoding,
        lane: Lane,
        timer: CallTimer,
        connectTimeout: Duration
    ) async throws(StripeCallError) -> Success {
        let request = CurlTransport.Request(
            .post(form.string),
            apiBase.appending(path),
            headers: headers + [
                .init("Content-Type", "application/x-www-form-urlencoded"),
                .init("Idempotency-Key", UUID().uuidString.lowercased()),
            ],
            timeout: timer.budget,
            connectTimeout: connectTimeout
        )
        return try await send(request, CallLog.Target(method: "POST", path: path, lane: lane), timer: timer)
    }

    private var headers: [CurlTransport.Header] {
        [
            .init("Authorization", "Bearer \(apiKey.exposed)"),
            .init("Stripe-Version", apiVersion),
            .init("User-Agent", userAgent),
        ]
    }

    /// Attempts a request until it succeeds or fails for good, and counts and logs how that ended.
    private func send(
        _ request: CurlTransport.Request,
        _ target: CallLog.Target,
        timer: CallTimer
    ) async throws(StripeCallError) -> Success {
        let start = ContinuousClock.now
        do {
            let success = try await attempt(request, target, timer: timer)
            let duration = ContinuousClock.now - start
            metrics.ended(target.lane, .succeeded, in: duration)
            log.succeeded(target, success, in: duration)
            return success
        } catch {
            let duration = ContinuousClock.now - start
            metrics.ended(target.lane, .init(error), in: duration)
            log.failed(target, error, in: duration)
            throw error
        }
    }

    private func attempt(
        _ request: CurlTransport.Request,
        _ target: CallLog.Target,
        timer: CallTimer
    ) async throws(StripeCallError) -> Success {
        var request = request
        var attempts = 0
        while true {
            do {
                try await limiter.acquire(target.lane, within: timer.remaining)
            } catch {
                throw error == .cancelled ? .cancelled(attempts: attempts) : .crowdedOut(attempts: attempts)
            }
            attempts += 1
            // One attempt may use all that is left: Stripe gave it a place in the queue, a retry would begin anew.
            request.timeout = timer.remaining
            let failure: StripeCallError
            let outcome: RetryPolicy.Outcome
            do {
                let reply = try await transport.send(request)
                if reply.isSuccess { return Success(reply: reply, attempts: attempts) }
                failure = Self.failure(for: reply, attempts: attempts)
                if case .busy(let error, _) = failure, !error.isLockTimeout { limiter.backOff() }
                outcome = .reply(
                    status: reply.status,
                    isRateLimit: failure.stripeError?.isRateLimit ?? false,
                    shouldRetry: reply.shouldRetry
                )
            } catch {
                failure = Self.failure(for: error, attempts: attempts)
                outcome = .noReply(error.reason)
            }
            let decision = retryPolicy.decision(
                after: outcome,
                attempt: attempts,
                elapsed: timer.elapsed,
                budget: timer.budget,
                randomness: randomness()
            )
            guard case .retry(let pause) = decision else { throw failure }
            log.isRetried(target, after: failure)
            do {
                try await clock.sleep(for: pause)
            } catch {
                throw .cancelled(attempts: attempts)
            }
        }
    }

    private static func failure(for reply: CurlTransport.Reply, attempts: Int) -> StripeCallError {
        let error = StripeError(status: reply.status, requestID: reply.requestID, body: reply.body)
        return switch reply.status {
        case _ where error.isRateLimit: .busy(error, attempts: attempts)
        case 400..<500: .refused(error, attempts: attempts)
        case 500...: .unavailable(.reply(error), attempts: attempts)
        default: .unreadable(.status, status: reply.status, requestID: reply.requestID, attempts: attempts)
        }
    }

    private static func failure(for error: TransportError, attempts: Int) -> StripeCallError {
        switch error.reason {
        case .cancelled: .cancelled(attempts: attempts)
        case .timedOut: .timedOut(error, attempts: attempts)
        case .bodyTooLarge, .connectionFailed, .invalidRequest, .malformedReply, .stopped, .tls:
            .unavailable(.noReply(error), attempts: attempts)
        }
    }
}

extension CurlTransport.Reply {
    fileprivate var isSuccess: Bool { (200..<300).contains(status) }

    var requestID: String? { header("Request-Id") }

    /// Stripe's own word on whether to try again; anything but its two spellings is no word.
    fileprivate var shouldRetry: Bool? { header("Stripe-Should-Retry").flatMap(Bool.init) }
}
