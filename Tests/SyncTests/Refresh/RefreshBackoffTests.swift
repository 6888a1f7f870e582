import Testing

@testable import Sync

@Suite struct RefreshBackoffTests {
    @Test func pausesGrowToAnEnd() {
        var backoff = RefreshBackoff()
        #expect((1...6).map { _ in backoff.pause(for: "a", isTransient: true) } == [2, 4, 8, 16, 30, 30])
        #expect((1...8).map { _ in backoff.pause(for: "b", isTransient: false) } == [60, 120, 240, 480, 960, 1920, 3600, 3600])
        for _ in 0..<1000 {
            #expect(backoff.pause(for: "a", isTransient: true) == 30)
            #expect(backoff.pause(for: "b", isTransient: false) == 3600)
        }
    }

    @Test func objectsAreApartAndASuccessBeginsAnew() {
        var backoff = RefreshBackoff()
        for _ in 1...5 {
            _ = backoff.pause(for: "a", isTransient: true)
        }
        #expect(backoff.pause(for: "b", isTransient: true) == 2)
        backoff.reset("a")
        #expect(backoff.pause(for: "a", isTransient: true) == 2)
        #expect(backoff.pause(for: "b", isTransient: true) == 4)
    }

    @Test func aFailureOfAnotherKindCountsToo() {
        var backoff = RefreshBackoff()
        _ = backoff.pause(for: "a", isTransient: true)
        #expect(backoff.pause(for: "a", isTransient: false) == 120)
    }
}
