import MirrorStore
import Testing

@testable import Portal

@Suite struct UserBucketsTests {
    /// Buckets that an expectation can take from.
    private final class Buckets {
        private var buckets: UserBuckets

        init(_ rate: String, capacity: Int = 1000) throws {
            buckets = UserBuckets(rate: try #require(PortalRate(rate)), capacity: capacity)
        }

        var count: Int { buckets.count }

        func take(for user: UserID, at now: Duration) -> Duration? { buckets.take(for: user, at: now) }
    }

    @Test(arguments: [
        ("10/60s", 10, 60, 5), ("1/1s", 1, 1, 1), ("3/10s", 3, 10, 1), ("2/86400s", 2, 86_400, 1), ("10000/1s", 10_000, 1, 5000),
    ])
    func readsARate(_ text: String, count: Int, seconds: Int, burst: Int) throws {
        let rate = try #require(PortalRate(text))
        #expect((rate.count, rate.seconds, rate.burst) == (count, seconds, burst))
    }

    @Test(arguments: [
        "", "10", "10/60", "10/s", "/60s", "0/60s", "10/0s", "10001/60s", "10/86401s", "-1/60s", "10/60m", "10 / 60s", "1.5/60s",
        "10/60s ", "١/60s", "999999999999999999999/60s",
    ])
    func refusesARate(_ text: String) {
        #expect(PortalRate(text) == nil)
    }

    @Test func aBurstAndThenOneEachInterval() throws {
        let buckets = try Buckets("10/60s")
        let alice = try UserID("alice")
        for _ in 0..<5 { #expect(buckets.take(for: alice, at: .zero) == nil) }
        #expect(buckets.take(for: alice, at: .zero) == .seconds(6))
        #expect(buckets.take(for: alice, at: .milliseconds(5999)) == .milliseconds(1))
        #expect(buckets.take(for: alice, at: .seconds(6)) == nil)
        #expect(buckets.take(for: alice, at: .seconds(6)) == .seconds(6))
        // A refusal costs nothing, and a long pause brings no more than the burst.
        for _ in 0..<5 { #expect(buckets.take(for: alice, at: .seconds(6000)) == nil) }
        #expect(buckets.take(for: alice, at: .seconds(6000)) == .seconds(6))
        #expect(buckets.take(for: try UserID("bob"), at: .seconds(6000)) == nil)
    }

    /// In any stretch of time no more are let through than the burst and what the stretch brings.
    @Test func neverMoreThanTheRate() throws {
        let buckets = try Buckets("7/10s")
        let alice = try UserID("alice")
        var times: [Duration] = []
        for step in 0..<3000 {
            let now = Duration.milliseconds(step * 37)
            if buckets.take(for: alice, at: now) == nil { times.append(now) }
        }
        for (first, start) in times.enumerated() {
            for (last, end) in times.enumerated().dropFirst(first) {
                let most = 3 + (end - start) / .seconds(10) * 7
                #expect(Double(last - first + 1) <= most + 1e-6)
            }
        }
        #expect(times.count > 70)
    }

    @Test func timeDoesNotGoBack() throws {
        let buckets = try Buckets("2/2s")
        let alice = try UserID("alice")
        #expect(buckets.take(for: alice, at: .seconds(10)) == nil)
        #expect(buckets.take(for: alice, at: .seconds(10)) == .seconds(1))
        #expect(buckets.take(for: alice, at: .seconds(11)) == nil)
    }

    @Test func fullBucketsAreForgotten() throws {
        let buckets = try Buckets("1/1s", capacity: 10_000)
        for number in 0..<50_000 {
            #expect(buckets.take(for: try UserID("user-\(number)"), at: .milliseconds(number)) == nil)
        }
        // A thousand were in use in the last second.
        #expect(buckets.count <= 2100)
    }

    @Test func thereIsAMostOfThem() throws {
        let buckets = try Buckets("2/100s", capacity: 100)
        let busy = try UserID("busy")
        for number in 0..<5000 {
            #expect(buckets.take(for: try UserID("user-\(number)"), at: .microseconds(number)) == nil)
            #expect(buckets.count <= 100)
        }
        #expect(buckets.take(for: busy, at: .milliseconds(5)) == nil)
        #expect(buckets.take(for: busy, at: .milliseconds(5)) != nil)
    }
}
