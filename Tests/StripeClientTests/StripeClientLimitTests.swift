import Stripe
import StripeClient
import TestSupport
import Testing

/// What the client does about its rate limiter; the limiter's clock stands still unless a test moves it.
@Suite(.timeLimit(.minutes(10))) struct StripeClientLimitTests {
    let clock = ManualClock()

    @Test func everyAttemptTakesATokenOfItsLane() async throws {
        let answers = [StripeClientTests.error(500), StripeClientTests.error(500), StripeClientTests.success]
        try await RawServer.run({ answers[$0.index] }) { server in
            let limiter = RateLimiter(rate: 20, clock: clock)
            _ = try await StripeClient(of: server, limiter: limiter).createPortalSession(StripeClientTests.parameters, budget: StripeClientTests.patience)
            #expect(limiter.snapshot.tokens == 2)
            #expect(limiter.snapshot.rateLimits == 0)
            #expect(limiter.snapshot.presentRate == 20)
        }
    }

    @Test func aRetryWaitsForItsTurnToo() async throws {
        try await RawServer.run({ _ in StripeClientTests.error(500) }) { server in
            // Three tokens: a call of another lane than the portal's gets one.
            let limiter = RateLimiter(rate: 1, clock: clock)
            let client = try StripeClient(of: server, limiter: limiter)
            let call = Task { try await client.retrieveCustomer("cus_1", lane: .verify, budget: .seconds(30)) }
            await clock.sleepers(1, within: .milliseconds(1001))
            #expect(server.received.count == 1)
            clock.advance(by: .milliseconds(1001))
            await clock.sleepers(1, within: .milliseconds(1001))
            #expect(server.received.count == 2)
            clock.advance(by: .milliseconds(1001))
            let error = await #expect(throws: StripeCallError.self) { try await call.value }
            #expect(error?.attempts == 3)
            #expect(server.received.count == 3)
        }
    }

    @Test func whoseTurnDoesNotComeInTimeIsCrowdedOut() async throws {
        try await RawServer.run({ _ in StripeClientTests.success }) { server in
            let limiter = RateLimiter(rate: 0.01, clock: clock)
            for _ in 0..<3 { try await limiter.acquire(.portal, within: .zero) }
            let client = try StripeClient(of: server, limiter: limiter)
            let call = Task { try await client.createPortalSession(StripeClientTests.parameters, budget: .seconds(8)) }
            await clock.sleepers(1, within: .seconds(8))
            clock.advance(by: .seconds(8))
            let error = await #expect(throws: StripeCallError.self) { try await call.value }
            guard case .crowdedOut(attempts: 0) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(server.received.isEmpty)
            #expect(error?.description == "too many calls to Stripe wait for their turn attempts=0")
        }
    }

    @Test func cancellingWhileItWaitsForItsTurn() async throws {
        try await RawServer.run({ _ in StripeClientTests.success }) { server in
            let limiter = RateLimiter(rate: 0.01, clock: clock)
            for _ in 0..<3 { try await limiter.acquire(.portal, within: .zero) }
            let client = try StripeClient(of: server, limiter: limiter)
            let call = Task { try await client.createPortalSession(StripeClientTests.parameters, budget: .seconds(8)) }
            await clock.sleepers(1, within: .seconds(8))
            call.cancel()
            let error = await #expect(throws: StripeCallError.self) { try await call.value }
            guard case .cancelled(attempts: 0) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(limiter.snapshot.waiting[.portal] == 0)
            #expect(server.received.isEmpty)
        }
    }

    @Test(arguments: [
        (429, "rate_limit", 10.0), (429, "some_code", 10), (400, "rate_limit", 10), (429, "lock_timeout", 20),
        (400, "some_code", 20), (500, "rate_limit", 20), (503, "some_code", 20),
    ])
    func aRateLimitSlowsAllCallsDown(status: Int, code: String, rate: Double) async throws {
        try await RawServer.run({ _ in StripeClientTests.error(status, code: code) }) { server in
            let limiter = RateLimiter(rate: 20, clock: clock)
            let client = try StripeClient(of: server, limiter: limiter)
            await #expect(throws: StripeCallError.self) {
                try await client.createPortalSession(StripeClientTests.parameters, budget: StripeClientTests.patience)
            }
            #expect(limiter.snapshot.presentRate == rate)
            #expect(limiter.snapshot.rateLimits == (rate < 20 ? 1 : 0))
        }
    }
}
