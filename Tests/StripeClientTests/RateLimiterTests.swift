import StripeClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct RateLimiterTests {
    let clock = ManualClock()

    /// Takes every token there is; the next comes after `1 / rate`.
    func exhaust(_ limiter: RateLimiter) async throws {
        while limiter.snapshot.tokens >= 1 { try await limiter.acquire(.portal, within: .zero) }
    }

    @Test func aBurstPassesAtOnce() async throws {
        let limiter = RateLimiter(rate: 20, clock: clock)
        for _ in 0..<3 { try await limiter.acquire(.verify, within: .zero) }
        #expect(limiter.snapshot.tokens == 2)
        // What is left is the portal's.
        await #expect(throws: RateLimiter.Refusal.timedOut) { try await limiter.acquire(.refresh, within: .zero) }
        for _ in 0..<2 { try await limiter.acquire(.portal, within: .zero) }
        await #expect(throws: RateLimiter.Refusal.timedOut) { try await limiter.acquire(.portal, within: .zero) }
        #expect(limiter.snapshot.waiting == [.portal: 0, .refresh: 0, .sweep: 0, .backfill: 0, .verify: 0])
    }

    @Test func thoseThatWaitAreServedByLane() async throws {
        let limiter = RateLimiter(rate: 20, clock: clock)
        try await exhaust(limiter)
        try await withThrowingTaskGroup(of: Lane.self) { group in
            for (index, lane) in Lane.allCases.reversed().enumerated() {
                group.addTask {
                    try await limiter.acquire(lane, within: .seconds(3600))
                    return lane
                }
                // One more has come: it sleeps until the end of its patience, and until its turn, as it is the first.
                await clock.sleepers(2 * (index + 1), within: .seconds(3600))
            }
            #expect(limiter.snapshot.waiting.values.allSatisfy { $0 == 1 })
            for lane in Lane.allCases {
                // The portal's turn comes with the first token, the next one's with the reserve behind it.
                let wait: Duration = lane == .refresh ? .milliseconds(151) : .milliseconds(51)
                await clock.sleepers(1, within: wait)
                clock.advance(by: wait)
                let served = try await group.next()
                #expect(served == lane)
            }
        }
    }

    @Test func aPortalCallDoesNotWaitForTheSleepOfAnotherLane() async throws {
        let limiter = RateLimiter(rate: 1, clock: clock)
        try await exhaust(limiter)
        try await withThrowingTaskGroup(of: Lane.self) { group in
            group.addTask {
                try await limiter.acquire(.verify, within: .seconds(3600))
                return .verify
            }
            await clock.sleepers(1, within: .seconds(4))
            group.addTask {
                try await limiter.acquire(.portal, within: .seconds(3600))
                return .portal
            }
            await clock.sleepers(1, within: .milliseconds(1001))
            clock.advance(by: .milliseconds(1001))
            let first = try await group.next()
            #expect(first == .portal)
            clock.advance(by: .seconds(2))
            await clock.sleepers(1, within: .milliseconds(1001))
            clock.advance(by: .milliseconds(1001))
            let second = try await group.next()
            #expect(second == .verify)
        }
    }

    @Test func whoIsCancelledLeavesTheQueueToTheOthers() async throws {
        let limiter = RateLimiter(rate: 1, clock: clock)
        try await exhaust(limiter)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let first = Task { try await limiter.acquire(.refresh, within: .seconds(3600)) }
            await clock.sleepers(1, within: .seconds(4))
            group.addTask { try await limiter.acquire(.sweep, within: .seconds(3600)) }
            await clock.sleepers(3, within: .seconds(3600))
            first.cancel()
            await #expect(throws: RateLimiter.Refusal.cancelled) { try await first.value }
            #expect(limiter.snapshot.waiting[.refresh] == 0)
            // The second is told that it is first now; three tokens make one call and the reserve.
            await clock.sleepers(1, within: .seconds(4))
            clock.advance(by: .milliseconds(3001))
            try await group.next()
            #expect(abs(limiter.snapshot.tokens - 2) < 0.01)
        }
    }

    @Test func whoIsCancelledBeforeIsNotLetIn() async throws {
        let limiter = RateLimiter(rate: 1, clock: clock)
        let call = Task {
            while !Task.isCancelled { await Task.yield() }
            try await limiter.acquire(.portal, within: .seconds(1))
        }
        call.cancel()
        await #expect(throws: RateLimiter.Refusal.cancelled) { try await call.value }
        #expect(limiter.snapshot.tokens == 3)
    }

    @Test func nobodyWaitsLongerThanItWants() async throws {
        let limiter = RateLimiter(rate: 1, clock: clock)
        try await exhaust(limiter)
        let call = Task { try await limiter.acquire(.verify, within: .seconds(2)) }
        await clock.sleepers(2, within: .seconds(4))
        clock.advance(by: .seconds(2))
        await #expect(throws: RateLimiter.Refusal.timedOut) { try await call.value }
        #expect(limiter.snapshot.waiting[.verify] == 0)
        #expect(limiter.snapshot.tokens == 2)
    }

    @Test func aRateLimitIsSeenInTheSnapshot() async throws {
        let limiter = RateLimiter(rate: 20, clock: clock)
        limiter.backOff()
        limiter.backOff()
        #expect(limiter.snapshot.rate == 20)
        #expect(limiter.snapshot.presentRate == 10)
        #expect(limiter.snapshot.rateLimits == 2)
        clock.advance(by: .seconds(60))
        #expect(limiter.snapshot.presentRate == 20)
    }

    /// Many tasks, real time, calls cancelled at any moment: each comes to an end, and none too early.
    @Test func manyTasksAtOnce() async throws {
        let limiter = RateLimiter(rate: 2000)
        let start = ContinuousClock.now
        let granted = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<2000 {
                group.addTask {
                    let lane = Lane.allCases[index % Lane.allCases.count]
                    let call = Task { try await limiter.acquire(lane, within: .seconds(600)) }
                    if index % 3 == 0 { call.cancel() }
                    do {
                        try await call.value
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        #expect(granted >= 1333)
        #expect(Double(granted) <= 2000 * elapsed + 500 + 1)
        #expect(limiter.snapshot.waiting.values.allSatisfy { $0 == 0 })
    }
}
