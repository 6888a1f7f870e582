import Logging
import MirrorStore
import Stripe
import Testing

@testable import Sync

@Suite(.timeLimit(.minutes(10))) struct RetentionTests {
    private static let day = 86_400.0

    private static func retention(of mirror: RunningMirror, days: Int) -> Retention {
        Retention(store: mirror.store, days: days, now: { Double(Events.now) }, logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test(arguments: [(1, 36), (30, 36), (90, 96)])
    func keepsPayloadsAsLongAsIsSetAndIdsLonger(days: Int, memory: Int) async throws {
        try await RunningMirror.run { mirror in
            _ = try await mirror.receive(Events.customer())
            let retention = Self.retention(of: mirror, days: days)
            let received = Double(Events.now)

            let early = try await retention.pruneOnce(now: received + Double(days) * Self.day)
            #expect(early.payloads == 0)
            #expect(try mirror.log.event("evt_1")?.payload != nil)

            let later = try await retention.pruneOnce(now: received + Double(days) * Self.day + 1)
            #expect(later.payloads == 1)
            let kept = try #require(try mirror.log.event("evt_1"))
            #expect(kept.payload == nil)
            #expect(kept.entry.outcome == "applied")

            let last = try await retention.pruneOnce(now: received + Double(memory) * Self.day)
            #expect(last.forgotten?.events == 1)
            #expect(last.forgotten?.edges == 1)
            #expect(try mirror.log.event("evt_1") == nil)
        }
    }

    /// As of a machine whose clock is not set yet.
    @Test func aClockThatRunsAheadRemovesNothing() async throws {
        try await RunningMirror.run { mirror in
            _ = try await mirror.receive(Events.customer())
            try await SyncLog(store: mirror.store).markSwept(to: Int64(Events.now), at: Double(Events.now))
            let report = try await Self.retention(of: mirror, days: 30).pruneOnce(now: Double(Events.now) + 1000 * Self.day)
            #expect(report.payloads == 0 && report.forgotten?.isEmpty != false)
            #expect(try mirror.log.event("evt_1")?.payload != nil)
        }
    }

    /// Each of the clock's pauses is an hour; the test ends them, and the last one never ends.
    @Test func prunesAtOnceAndEveryHour() async throws {
        try await RunningMirror.run { mirror in
            let clock = ManualClock()
            let retention = Retention(
                store: mirror.store,
                days: 1,
                now: { Double(Events.now) + 2 * Self.day },
                clock: clock,
                logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
            )
            _ = try await mirror.receive(Events.customer())
            try await withThrowingTaskGroup { group in
                group.addTask { await retention.run() }
                var pauses = clock.pauses.makeAsyncIterator()
                var pause = try #require(await pauses.next())
                #expect(pause.length == .seconds(3600))
                #expect(try mirror.log.event("evt_1")?.payload == nil)

                _ = try await mirror.receive(Events.customer("evt_2", customer: "cus_2"))
                #expect(try mirror.log.event("evt_2")?.payload != nil)
                pause.end()
                pause = try #require(await pauses.next())
                #expect(try mirror.log.event("evt_2")?.payload == nil)
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }
}
