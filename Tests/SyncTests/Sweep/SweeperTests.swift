import MirrorStore
import NIOConcurrencyHelpers
import Sandbox
import StripeClient
import Testing

@testable import Sync

/// A sweep brings what no webhook has brought, and nothing stands in its way.
@Suite(.timeLimit(.minutes(10))) struct SweeperTests {
    @Test func withoutAMarkThereIsNothingToFollowOn() async throws {
        try await MirroredAccount.run { account in
            _ = try account.customer()
            #expect(try await account.sweeper.sweepOnce() == nil)
            #expect(account.calls("GET /v1/events") == 0)
        }
    }

    @Test func findsWhatWasLostOldestFirstAndReadsNothing() async throws {
        try await MirroredAccount.run { account in
            try await account.log.markSwept(to: Int64(account.time.unix), at: account.time.unix)
            let customer = try account.customer()
            try await account.deliverNew()
            let subscription = try account.subscription(of: customer)
            for name in ["b", "c", "d"] {
                account.time.advance(by: 60)
                try account.rename(customer, name)
                try account.sandbox.updateSubscription(subscription, ["metadata": ["name": .text(name)]])
            }
            let lost = account.sandbox.bodies().count - 1
            let report = try #require(try await account.sweeper.sweepOnce())
            #expect(report.listed == lost + 1)
            #expect(report.missed == lost)
            #expect(report.outcomes == [.applied: lost])
            #expect(try await account.differences() == [])
            #expect(try await account.rows("SELECT DISTINCT confirmed FROM customers UNION SELECT confirmed FROM subscriptions") == ["1"])
            let created = try await account.rows("SELECT created FROM events ORDER BY rowid")
            #expect(created == created.sorted())
            account.time.advance(by: 10)
            #expect(await account.refresher.refreshOnce() == 0)
            #expect(account.gets == 0)
            #expect(try await account.rows("SELECT DISTINCT source FROM events ORDER BY 1") == ["sweep", "webhook"])
        }
    }

    @Test func goesBackBehindItsMarkAndMovesItToStripesTime() async throws {
        try await MirroredAccount.run { account in
            _ = try account.customer("old")
            account.time.advance(by: 1)
            _ = try account.customer("overlapping")
            account.time.advance(by: Double(Sweeper.overlap))
            try await account.log.markSwept(to: Int64(account.time.unix), at: account.time.unix)
            account.time.advance(by: 100)
            _ = try account.customer("new")
            // This machine's clock has nothing to say.
            account.time.advance(by: 100)
            let stripesTime = account.sandbox.now
            let report = try await account.sweeper.sweepOnce()
            #expect(report?.missed == 2)
            #expect(try await account.rows("SELECT name FROM customers ORDER BY 1") == ["new", "overlapping"])
            #expect(try await account.log.sweeps().sweptTo == Int64(stripesTime))
            // The next one finds nothing that is new.
            let next = try await account.sweeper.sweepOnce()
            #expect(next?.missed == 0)
            #expect(next?.outcomes == [:])
        }
    }

    @Test func aMarkNeverGoesBack() async throws {
        try await MirroredAccount.run { account in
            let future = Int64(account.time.unix) + 5000
            try await account.log.markSwept(to: future, at: account.time.unix)
            _ = try await account.sweeper.sweepOnce()
            #expect(try await account.log.sweeps().sweptTo == future)
        }
    }

    @Test func aHealthEventAsksForASweep() async throws {
        try await MirroredAccount.run { account in
            try await account.log.markSwept(to: Int64(account.time.unix), at: account.time.unix)
            #expect(try await !account.log.sweeps().isRequested)
            let body = """
                {"id":"evt_test_6h","object":"v2.core.event","type":"v2.core.health.event_generation_failure.resolved",\
                "created":"2026-09-21T14:13:10.000Z","livemode":false,"related_object":null,"reason":null}
                """
            #expect(try await account.deliver(body) == .applied)
            #expect(try await account.log.sweeps().isRequested)
            _ = try await account.sweeper.sweepOnce()
            #expect(try await !account.log.sweeps().isRequested)
        }
    }

    @Test func anUnreadableEventBlocksNothing() async throws {
        try await MirroredAccount.run { account in
            try await account.log.markSwept(to: Int64(account.time.unix), at: account.time.unix)
            let customer = try account.customer()
            try account.rename(customer, "b")
            try account.rename(customer, "c")
            let spoiled = account.sandbox.spoilLastEvent()
            account.time.advance(by: 10)
            let report = try await account.sweeper.sweepOnce()
            #expect(report?.unreadable == [spoiled])
            #expect(report?.outcomes == [.applied: 2])
            #expect(try await account.value("SELECT name FROM customers") == "b")
            #expect(try await account.log.sweeps().sweptTo == Int64(account.time.unix))
        }
    }

    @Test func afterALongOutageTheMarkMovesWithEachWindow() async throws {
        try await MirroredAccount.run { account in
            try await account.log.markSwept(to: Int64(account.time.unix), at: account.time.unix)
            let events = 7000
            for number in 0..<events {
                account.time.advance(by: 3)
                _ = try account.customer("n\(number)")
            }
            let present = Int64(account.sandbox.now)
            // Stripe fails in the middle: when some windows are in.
            let taken = NIOLockedValueBox(0)
            let interrupted = Sweeper(client: account.client, writer: account.writer, log: account.log, livemode: false) {
                taken.withLockedValue { $0 += 1 }
                if taken.withLockedValue({ $0 }) == 3000 {
                    account.sandbox.inject(APIFault(.status(500), path: "/v1/events"))
                }
                return account.time.unix
            }
            await #expect(throws: SyncError.self) { try await interrupted.sweepOnce() }
            let mark = try #require(try await account.log.sweeps().sweptTo)
            #expect(mark > Int64(TestTime.start) + 3000 && mark < present)
            let half = try #require(try await account.number("SELECT count(*) FROM events"))
            #expect(half >= 2000 && half < Double(events))
            let last = try #require(try await account.number("SELECT max(created) FROM events"))
            #expect(Int64(last) < mark, "what is behind the mark is in, nothing else")
            let report = try #require(try await account.sweeper.sweepOnce())
            #expect(report.missed == events - Int(half))
            #expect(report.listed <= events - Int(half) + Int(Sweeper.overlap) / 3 + 1)
            #expect(try await account.log.sweeps().sweptTo == present)
            #expect(try await account.number("SELECT count(*) FROM customers") == Double(events))
            let order = try await account.rows("SELECT created FROM events ORDER BY rowid")
            #expect(order == order.sorted(), "oldest first, over all windows")
        }
    }

    @Test func aSecondOfVeryManyEventsIsTakenWhole() async throws {
        try await MirroredAccount.run { account in
            try await account.log.markSwept(to: Int64(account.time.unix), at: account.time.unix)
            for number in 0..<(Sweeper.maximumHeld + 500) {
                _ = try account.customer("n\(number)")
            }
            account.time.advance(by: 100)
            let report = try await account.sweeper.sweepOnce()
            #expect(report?.missed == Sweeper.maximumHeld + 500)
        }
    }

    @Test func behindWhatStripeListsTheMarkStays() async throws {
        try await MirroredAccount.run { account in
            let mark = Int64(account.time.unix)
            try await account.log.markSwept(to: mark, at: account.time.unix)
            account.time.advance(by: 20 * 86_400)
            _ = try account.customer("forgotten")
            account.time.advance(by: 20 * 86_400)
            _ = try account.customer("listed")
            account.time.advance(by: 15 * 86_400)
            let report = try await account.sweeper.sweepOnce()
            #expect(report?.missed == 1)
            #expect(try await account.rows("SELECT name FROM customers") == ["listed"])
            #expect(try await account.log.sweeps().sweptTo == mark, "else nobody would ever ask for the forgotten one")
        }
    }
}
