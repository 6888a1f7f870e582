/// A limit of calls per second: <https://docs.stripe.com/rate-limits>.
///
/// Stripe does not publish how it counts; here each second of the clock begins anew.
struct RateLimit: Sendable {
    let callsPerSecond: Int
    private var second = 0
    private var calls = 0

    init(callsPerSecond: Int) {
        self.callsPerSecond = callsPerSecond
    }

    /// Counts a call, unless it is one too many for its second.
    mutating func admits(at now: Int) -> Bool {
        if now != second {
            second = now
            calls = 0
        }
        guard calls < callsPerSecond else { return false }
        calls += 1
        return true
    }
}
