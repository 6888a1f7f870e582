/// Whether a failed attempt is followed by another, and when.
///
/// The rules of Stripe's official SDKs for node, python, ruby and php, with two of our own: a rate limit is never answered
/// with more requests, whatever the reply's headers say, and no attempt begins that its budget would not let finish.
///
/// Source: `RequestSender.ts` of stripe-node, `_http_client.py` of stripe-python; https://docs.stripe.com/error-low-level.
public struct RetryPolicy: Hashable, Sendable {
    /// How an attempt ended.
    public enum Outcome: Sendable {
        /// With a reply; `shouldRetry` is its `Stripe-Should-Retry` header.
        case reply(status: Int, isRateLimit: Bool, shouldRetry: Bool?)
        /// Without one.
        case noReply(TransportError.Reason)
    }

    /// What follows.
    public enum Decision: Hashable, Sendable {
        /// Another attempt, after a pause.
        case retry(after: Duration)
        /// Nothing.
        case giveUp
    }

    /// The most attempts after the first.
    public var maxRetries = 2
    /// The shortest pause, and the longest before the second attempt.
    public var shortestPause: Duration = .milliseconds(500)
    /// The longest pause.
    public var longestPause: Duration = .seconds(5)
    /// The time that an attempt must have left after the pause to be worth beginning.
    public var shortestAttempt: Duration = .seconds(1)

    /// The rules with the official SDKs' numbers.
    public init() {}

    /// Decides after an attempt.
    ///
    /// - Parameters:
    ///   - outcome: how the attempt ended.
    ///   - attempt: which one it was; the first is 1.
    ///   - elapsed: the time since the first attempt began.
    ///   - budget: the time for all attempts and pauses.
    ///   - randomness: a number in 0...1 that spreads the pauses of many callers.
    /// - Returns: whether to try again, and after which pause.
    public func decision(
        after outcome: Outcome,
        attempt: Int,
        elapsed: Duration,
        budget: Duration,
        randomness: Double
    ) -> Decision {
        guard attempt <= maxRetries, Self.isRetryable(outcome) else { return .giveUp }
        let pause = pause(after: attempt, randomness: randomness)
        guard elapsed + pause + shortestAttempt <= budget else { return .giveUp }
        return .retry(after: pause)
    }

    /// 0.5 s, doubled with each attempt up to 5 s, of which a random half is taken away, but never below 0.5 s.
    private func pause(after attempt: Int, randomness: Double) -> Duration {
        var pause = shortestPause
        for _ in 1..<max(1, attempt) where pause < longestPause { pause *= 2 }
        return max(shortestPause, min(pause, longestPause) * (0.5 + 0.5 * randomness))
    }

    private static func isRetryable(_ outcome: Outcome) -> Bool {
        switch outcome {
        case .reply(status: 200..<300, isRateLimit: _, shouldRetry: _): false
        case .reply(status: _, isRateLimit: true, shouldRetry: _): false
        case .reply(status: _, isRateLimit: _, shouldRetry: let answer?): answer
        case .reply(status: let status, isRateLimit: _, shouldRetry: nil): status == 409 || status >= 500
        case .noReply(.connectionFailed), .noReply(.timedOut), .noReply(.malformedReply): true
        case .noReply(.tls), .noReply(.bodyTooLarge), .noReply(.cancelled), .noReply(.stopped),
            .noReply(.invalidRequest):
            false
        }
    }
}
