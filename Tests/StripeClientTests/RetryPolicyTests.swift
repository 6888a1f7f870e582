import StripeClient
import Testing

@Suite struct RetryPolicyTests {
    let policy = RetryPolicy()

    static let noReplies: [(TransportError.Reason, Bool)] = [
        (.connectionFailed("x"), true), (.timedOut(.connect), true), (.timedOut(.total), true),
        (.malformedReply("x"), true), (.tls("x"), false), (.bodyTooLarge(limit: 1), false), (.cancelled, false),
        (.stopped, false), (.invalidRequest("x"), false),
    ]

    /// Every outcome there is, with whether the official SDKs' rules (and never a 429) let it be tried again.
    static let outcomes: [(RetryPolicy.Outcome, Bool)] =
        noReplies.map { (.noReply($0.0), $0.1) }
        + (100...599).flatMap { status in
            [nil, true, false].flatMap { (header: Bool?) in
                [false, true].map { isRateLimit in
                    let byStatus = status == 409 || (500...599).contains(status)
                    let isRetried = !isRateLimit && !(200...299).contains(status) && (header ?? byStatus)
                    return (.reply(status: status, isRateLimit: isRateLimit, shouldRetry: header), isRetried)
                }
            }
        }

    @Test func triesAgainExactlyWhereTheRulesSaySo() {
        #expect(Self.outcomes.count == 9 + 500 * 3 * 2)
        for (outcome, isRetryable) in Self.outcomes {
            for attempt in 1...4 {
                let decision = policy.decision(
                    after: outcome,
                    attempt: attempt,
                    elapsed: .zero,
                    budget: .seconds(60),
                    randomness: 1
                )
                let pause: Duration = attempt == 1 ? .milliseconds(500) : .seconds(1)
                let expected: RetryPolicy.Decision = isRetryable && attempt <= 2 ? .retry(after: pause) : .giveUp
                #expect(decision == expected, "\(outcome), attempt \(attempt)")
            }
        }
    }

    @Test(arguments: [
        (1, 0.0, 500), (1, 1.0, 500), (2, 0.0, 500), (2, 0.5, 750), (2, 1.0, 1000), (3, 0.0, 1000), (3, 1.0, 2000),
        (4, 1.0, 4000), (5, 0.0, 2500), (5, 1.0, 5000), (6, 1.0, 5000), (100, 1.0, 5000), (100, 0.5, 3750),
    ])
    func pausesGrowFromHalfASecondToFive(attempt: Int, randomness: Double, milliseconds: Int) {
        var policy = RetryPolicy()
        policy.maxRetries = 1000
        let decision = policy.decision(
            after: .reply(status: 500, isRateLimit: false, shouldRetry: nil),
            attempt: attempt,
            elapsed: .zero,
            budget: .seconds(60),
            randomness: randomness
        )
        #expect(decision == .retry(after: .milliseconds(milliseconds)))
    }

    @Test(arguments: [(0, true), (6500, true), (6501, false), (7999, false), (9000, false)])
    func nothingBeginsThatTheBudgetWouldCutShort(elapsed: Int, isRetried: Bool) {
        let decision = policy.decision(
            after: .noReply(.connectionFailed("x")),
            attempt: 1,
            elapsed: .milliseconds(elapsed),
            budget: .seconds(8),
            randomness: 1
        )
        #expect(decision == (isRetried ? .retry(after: .milliseconds(500)) : .giveUp))
    }
}
