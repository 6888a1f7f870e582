import GRDB
import NIOConcurrencyHelpers
import Testing

@testable import MirrorStore

@Suite struct MirrorPrunerTests {
    private static let day: Int64 = 86_400
    private static let start: Int64 = 1_700_000_000

    private static func created(_ number: Int, at time: Int64 = start) -> TestEvent {
        TestEvent(
            id: "evt_\(number)",
            type: "customer.created",
            object: TestEvent.customer("cus_\(number)"),
            created: time
        )
    }

    private static func updated(
        _ id: String,
        _ customer: String = "cus_1",
        from old: String,
        to new: String,
        at time: Int64 = start + 100
    ) -> TestEvent {
        TestEvent(
            id: id,
            type: "customer.updated",
            object: TestEvent.customer(customer, email: new),
            previous: #"{"email":"\#(old)"}"#,
            created: time,
            request: "req_\(old)_\(new)"
        )
    }

    /// Customers of which each has an event, all received at a time.
    private func deliver(_ numbers: Range<Int>, at time: Int64, to mirror: TestMirror) async throws {
        try await withThrowingTaskGroup { group in
            for number in numbers {
                group.addTask { _ = try await mirror.deliver(Self.created(number, at: time), at: Double(time)) }
            }
            try await group.waitForAll()
        }
    }

    private final class Commits: TransactionObserver, Sendable {
        let changes = NIOLockedValueBox<[Int]>([])
        private let current = NIOLockedValueBox(0)
        func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
        func databaseDidChange(with event: DatabaseEvent) { current.withLockedValue { $0 += 1 } }
        func databaseDidCommit(_ db: Database) {
            let count = current.withLockedValue { count in
                defer { count = 0 }
                return count
            }
            changes.withLockedValue { $0.append(count) }
        }
        func databaseDidRollback(_ db: Database) {}
    }

    @Test func removesPayloadsInSteps() async throws {
        try await TestMirror.with { mirror async throws in
            try await deliver(0..<1300, at: Self.start, to: mirror)
            try await deliver(1300..<1310, at: Self.start + 10, to: mirror)
            // Its payload will be needed when its predecessor comes in.
            #expect(try await mirror.deliver(Self.updated("evt_waits", "cus_5", from: "unknown", to: "x"), at: 1_700_000_000) == .pending)

            let commits = Commits()
            try mirror.store.pool.add(transactionObserver: commits, extent: .databaseLifetime)
            let pruner = MirrorPruner(store: mirror.store)
            #expect(try await pruner.removePayloads(receivedBefore: Self.start + 10) == 1300)
            #expect(commits.changes.withLockedValue { $0 } == [500, 500, 300])
            #expect(
                try mirror.strings("SELECT id FROM events WHERE payload IS NOT NULL ORDER BY id")
                    == (1300..<1310).map { "evt_\($0)" } + ["evt_waits"]
            )
            // Nothing but the payload is gone.
            #expect(try await mirror.deliver(Self.created(7), at: 1_700_000_000) == .duplicate)
            #expect(try await pruner.removePayloads(receivedBefore: Self.start + 10) == 0)

            let earlier = Self.updated("evt_between", "cus_5", from: "a@example.com", to: "unknown")
            #expect(try await mirror.deliver(earlier) == .applied)
            #expect(try mirror.text("email", of: "customers", "cus_5") == "x")
            #expect(try mirror.text("confirmed", of: "customers", "cus_5") == "1")
            #expect(try await pruner.removePayloads(receivedBefore: Self.start + 10) == 1)
        }
    }

    @Test func forgetsInSlicesAndMarksItFirst() async throws {
        try await TestMirror.with { mirror async throws in
            try await deliver(0..<1300, at: Self.start, to: mirror)
            try await deliver(1300..<1310, at: Self.start + 2 * Self.day, to: mirror)
            try await mirror.deliver(Self.updated("evt_waits", "cus_5", from: "unknown", to: "x"), at: Double(Self.start))
            try await mirror.store.write { db in
                for table in ["events", "edges"] {
                    try db.execute(
                        sql: """
                            CREATE TRIGGER \(table)_marked BEFORE DELETE ON \(table)
                            WHEN (SELECT forgotten_before FROM sync_state) IS NOT \(Self.start + Self.day)
                            BEGIN SELECT RAISE(ABORT, 'not marked'); END
                            """
                    )
                }
            }
            let commits = Commits()
            try mirror.store.pool.add(transactionObserver: commits, extent: .databaseLifetime)
            let pruner = MirrorPruner(store: mirror.store)
            let forgotten = try #require(try await pruner.forget(before: Self.start + Self.day))
            // The event that waits has an edge of its own.
            #expect(forgotten == MirrorPruner.Forgotten(events: 1300, edges: 1301, history: 1))
            let changes = commits.changes.withLockedValue { $0 }
            #expect(changes.count >= 7)
            #expect(changes.allSatisfy { $0 <= 501 })
            #expect(
                try mirror.strings("SELECT id FROM events ORDER BY id")
                    == (1300..<1310).map { "evt_\($0)" } + ["evt_waits"]
            )
            #expect(try mirror.strings("SELECT count(*) FROM edges") == ["10"])
            // What the rows show is none of this.
            #expect(try mirror.strings("SELECT count(*) FROM customers WHERE confirmed") == ["1309"])

            #expect(try await pruner.forget(before: Self.start + Self.day + 1) == nil)
            #expect(try await pruner.forget(before: Self.start + 2 * Self.day) == MirrorPruner.Forgotten())
        }
    }

    /// Two events of one change are one change as long as the first is remembered; afterwards only a read can tell.
    @Test(arguments: [false, true])
    func aTwinIsBarredOnceItsFirstIsForgotten(isForgotten: Bool) async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1", email: "a")))
            try await mirror.deliver(Self.updated("evt_2", from: "a", to: "b"))
            try await mirror.deliver(Self.updated("evt_3", from: "b", to: "a", at: Self.start + 101))
            if isForgotten {
                _ = try await MirrorPruner(store: mirror.store).forget(before: Self.start + Self.day)
            }
            let expected: Outcome = isForgotten ? .pending : .duplicate
            #expect(try await mirror.deliver(Self.updated("evt_twin", from: "a", to: "b")) == expected)
            #expect(try await mirror.deliver(Self.updated("evt_3", from: "b", to: "a", at: Self.start + 101)) == expected)
            #expect(try mirror.text("confirmed", of: "customers", "cus_1") == (isForgotten ? "0" : "1"))
            // A new change still moves the row without a read, in a mirror that has forgotten too.
            try await mirror.deliver(Self.created(20, at: Self.start + 2 * Self.day))
            let change = Self.updated("evt_new", "cus_20", from: "a@example.com", to: "c", at: Self.start + 2 * Self.day)
            #expect(try await mirror.deliver(change) == .applied)
        }
    }

    /// A mirror that has lost nothing remembers all, however old it is.
    @Test func whereNothingIsGoneNothingIsMarked() async throws {
        try await TestMirror.with { mirror async throws in
            try await deliver(0..<3, at: Self.start, to: mirror)
            #expect(try await MirrorPruner(store: mirror.store).forget(before: Self.start) == MirrorPruner.Forgotten())
            #expect(try mirror.strings("SELECT 1 FROM sync_state WHERE forgotten_before IS NULL") == ["1"])
            let older = Self.updated("evt_old", "cus_1", from: "a@example.com", to: "b", at: Self.start - Self.day)
            #expect(try await mirror.deliver(older) == .applied)
        }
    }

    @Test func historyKeepsWhatEachRowShowedAtItsBeginning() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(
                TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1", email: "a")),
                at: Double(Self.start)
            )
            for (number, step) in [("b", "a"), ("c", "b"), ("d", "c")].enumerated() {
                let time = Self.start + Int64(number + 1) * Self.day
                try await mirror.deliver(
                    Self.updated("evt_\(number + 2)", from: step.1, to: step.0, at: time),
                    at: Double(time)
                )
            }
            let since = "SELECT CAST(CAST(history_since AS INTEGER) AS TEXT) FROM sync_state"
            try await mirror.store.write { db in try db.execute(sql: "UPDATE sync_state SET history_since = 0") }
            let forgotten = try await MirrorPruner(store: mirror.store).forget(before: Self.start + 2 * Self.day + 1)
            #expect(forgotten?.history == 2)
            #expect(try mirror.strings("SELECT source FROM history ORDER BY sequence") == ["evt_3", "evt_4"])
            #expect(try mirror.strings(since) == ["\(Self.start + 2 * Self.day + 1)"])
        }
    }
}
