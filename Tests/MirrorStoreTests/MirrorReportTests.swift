import GRDB
import Testing

@testable import MirrorStore

/// What the status page is told.
@Suite struct MirrorReportTests {
    /// A full quarter of an hour.
    private static let now: Double = 1_700_001_000

    private static func customer(_ number: Int, created: Int64) -> TestEvent {
        TestEvent(
            id: "evt_\(number)",
            type: "customer.created",
            object: TestEvent.customer("cus_\(number)"),
            created: created
        )
    }

    @Test func countsEventsByTheMinute() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(Self.customer(1, created: 1_700_000_938), at: 1_700_000_939.9)
            try await mirror.deliver(Self.customer(2, created: 1_700_000_930), at: 1_700_000_940)
            try await mirror.deliver(Self.customer(2, created: 1_700_000_930), at: 1_700_000_999)
            // A clock that is behind Stripe's.
            try await mirror.deliver(Self.customer(3, created: 1_700_001_010), at: Self.now)
            _ = try await mirror.writer.commit(Self.customer(4, created: 1_699_990_000).delivery(at: Self.now, source: .sweep))

            let report = try await MirrorReport(of: mirror.store, now: Self.now)
            #expect(report.hour.intervals.count == 60)
            let starts = stride(from: Int64(1_699_997_460), through: 1_700_001_000, by: 60)
            #expect(report.hour.intervals.map(\.start) == Array(starts))
            let last = report.hour.intervals.suffix(3)
            #expect(last.map(\.events) == [1, 2, 2])
            #expect(last.map(\.deliveries) == [1, 2, 1])
            #expect(last.map(\.longestDelay) == [1, 69, 0])
            #expect(last.map(\.delay) == [1, 79, 0])
            #expect(report.hour.outcomes == [.applied: 4, .duplicate: 1])
            #expect(report.hour.averageDelay == 20)

            #expect(report.day.intervals.count == 96)
            #expect(report.day.intervals.suffix(2).map(\.events) == [3, 2])
            #expect(report.day.intervals.suffix(2).map(\.start) == [1_700_000_100, 1_700_001_000])
        }
    }

    @Test func whatIsOlderIsNotShownAndThenRemoved() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(Self.customer(1, created: 1), at: Self.now - 90_000)
            try await mirror.deliver(Self.customer(2, created: 1), at: Self.now)
            let report = try await MirrorReport(of: mirror.store, now: Self.now)
            #expect(report.day.outcomes == [.applied: 1])
            let pruner = MirrorPruner(store: mirror.store)
            #expect(try await pruner.removeActivity(before: Int64(Self.now) - Activity.memory) == 0)
            #expect(try await pruner.removeActivity(before: Int64(Self.now) - 60) == 1)
            #expect(try mirror.strings("SELECT minute FROM activity") == ["1700001000"])
        }
    }

    /// The page that refreshes itself tells the same as the command, though it counts less.
    @Test func aReportOnKeptTotalsSaysTheSame() async throws {
        try await TestMirror.with { mirror async throws in
            for number in 1...3 {
                try await mirror.deliver(Self.customer(number, created: 1), at: Self.now)
            }
            let orphan = TestEvent(
                id: "evt_4",
                type: "customer.updated",
                object: TestEvent.customer("cus_3", email: "new"),
                previous: #"{"email":"old"}"#
            )
            #expect(try await mirror.deliver(orphan) == .pending)
            let totals = try await MirrorTotals(of: mirror.store)
            #expect(totals.customers == 3)
            let whole = try await MirrorReport(of: mirror.store, now: Self.now)
            var quick = try await MirrorReport(of: mirror.store, totals: totals, now: Self.now)
            #expect(quick.status.events == ["pending": 1])
            quick.status.events = whole.status.events
            #expect(quick == whole)
            #expect(quick.status.customers == .init(total: 3, unconfirmed: 1))

            try await mirror.deliver(Self.customer(5, created: 1), at: Self.now)
            quick = try await MirrorReport(of: mirror.store, totals: totals, now: Self.now)
            #expect(quick.status.customers.total == 3)
        }
    }

    @Test func anEmptyMirrorHasNothingToTell() async throws {
        try await TestMirror.with { mirror async throws in
            let report = try await MirrorReport(of: mirror.store, now: Self.now)
            #expect(report.hour.outcomes.isEmpty)
            #expect(report.day.averageDelay == nil)
            #expect(report.unsettled.isEmpty)
            #expect(report.conflicts.isEmpty)
        }
    }

    @Test func namesWhatIsUnsettledAndInConflict() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(.checkout("cs_1", user: "alice", customer: "cus_1"))
            try await mirror.deliver(.checkout("cs_2", user: "bob", customer: "cus_1"))
            try await mirror.deliver(.checkout("cs_3", user: "carol", customer: "cus_2"))
            let change = TestEvent(
                id: "evt_late",
                type: "customer.updated",
                object: TestEvent.customer("cus_3", email: "b"),
                previous: #"{"email":"a"}"#
            )
            #expect(try await mirror.deliver(change) == .pending)
            let report = try await MirrorReport(of: mirror.store, now: Self.now)
            #expect(report.unsettled.map(\.id) == ["evt_late"])
            #expect(report.conflicts.map { $0.map(\.user).sorted() } == [["alice", "bob"]])
            #expect(report.status.linkConflicts == 1)
        }
    }
}
