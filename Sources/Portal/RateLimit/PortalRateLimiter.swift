public import MirrorStore
internal import NIOConcurrencyHelpers

/// Keeps one user from asking for the portal too often.
public final class PortalRateLimiter: Sendable {
    private let buckets: NIOLockedValueBox<UserBuckets>
    private let now: @Sendable () -> Duration

    /// - Parameters:
    ///   - rate: How often a user may ask.
    ///   - clock: Measures the time.
    public init(rate: PortalRate, clock: some Clock<Duration> = ContinuousClock()) {
        let start = clock.now
        now = { start.duration(to: clock.now) }
        buckets = NIOLockedValueBox(UserBuckets(rate: rate))
    }

    /// Counts a request.
    ///
    /// - Throws: ``PortalFailure`` with ``PortalError/rateLimited`` where the user has to wait.
    public func admit(_ user: UserID) throws(PortalFailure) {
        // The time is read under the lock, so that it never seems to go back.
        let wait = buckets.withLockedValue { $0.take(for: user, at: now()) }
        if let wait { throw PortalFailure(.rateLimited, retryAfter: wait) }
    }
}
