import GRDB
import NIOConcurrencyHelpers
import Testing

@testable import MirrorStore

/// Every statement that a delivery, a read from Stripe or a portal request runs is a key look-up: the cost does not grow with the mirror.
@Suite struct QueryPlanTests {
    @Test func noStatementScansATable() async throws {
        try await TestMirror.with { mirror async throws in
            let traced = NIOLockedValueBox<Set<String>>(Set(MirrorReader.SQL.all + ArrivalReader.SQL.all + ReplicationTable.SQL.all))
            try await mirror.store.pool.writeWithoutTransaction { db in
                db.trace { event in
                    if case .statement(let statement) = event {
                        traced.withLockedValue { _ = $0.insert(statement.sql) }
                    }
                }
            }
            let objects = ["a@example.com", "b", "c", "d"].map { TestEvent.customer("cus_1", email: $0, user: "u") }
            try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: objects[0]))
            try await mirror.deliver(
                TestEvent(id: "evt_3", type: "customer.updated", object: objects[2], previous: #"{"email":"b"}"#, created: 1_700_000_002)
            )
            try await mirror.deliver(TestEvent(id: "evt_4", type: "customer.test", object: objects[3], created: 1_700_000_003))
            try await mirror.deliver(
                TestEvent(id: "evt_2", type: "customer.updated", object: objects[1], previous: #"{"email":"a@example.com"}"#)
            )
            try await mirror.deliver(
                TestEvent(
                    id: "evt_5",
                    type: "customer.subscription.created",
                    object: TestEvent.subscription("sub_1", customer: "cus_1")
                )
            )
            try await mirror.deliver(.checkout("cs_1", user: "u", customer: "cus_1"))
            // Moved to another customer's user, and withdrawn.
            try await mirror.deliver(.checkout("cs_1", user: "v", customer: "cus_1"))
            try await readFromStripe(mirror)
            let statements = traced.withLockedValue { $0 }.filter { sql in
                ["SELECT", "INSERT", "UPDATE", "DELETE"].contains { sql.hasPrefix($0) }
            }
            #expect(statements.count >= 35)
            try await mirror.store.pool.read { db in try expectNoScan(in: statements, db) }
        }
    }

    /// Neither does a step of what goes through a table.
    @Test func noStepOfAWalkScansATable() async throws {
        let walks = [
            MirrorPruner.events, MirrorPruner.edges, MirrorPruner.history, MirrorPruner.requests, MirrorPruner.checkouts,
            MirrorPruner.activity, ObjectStateTable.future,
        ]
        let slices = walks.flatMap { walk in
            [walk.boundarySQL] + [true, false].flatMap { [walk.existsSQL(isLast: $0), walk.changeSQL(isLast: $0)] }
        }
        try await TestMirror.with { mirror async throws in
            try await mirror.store.pool.read { db in
                try expectNoScan(in: slices + [MirrorPruner.payloadsSQL, MirrorPruner.erasureSQL], db)
            }
        }
    }

    /// The status page asks every few seconds.
    @Test func noListOfTheStatusPageScansATable() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.store.pool.read { db in
                try expectNoScan(
                    in: [EventLog.unsettledSQL, ActivityTable.SQL.activity] + MirrorStatus.SQL.all + MirrorVitals.SQL.all,
                    db
                )
            }
        }
    }

    /// Neither does a scrape, whatever the size of the mirror.
    @Test func noScrapeScansATable() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.store.pool.read { db in try expectNoScan(in: MirrorVitals.SQL.all, db) }
        }
    }

    private func expectNoScan(in statements: some Sequence<String>, _ db: Database) throws {
        for sql in statements {
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
            statement.setUncheckedArguments(StatementArguments())
            for row in try Row.fetchAll(statement) {
                let detail: String = row["detail"]
                #expect(!detail.hasPrefix("SCAN") || Self.isOfOneRow(detail), "\(sql): \(detail)")
            }
        }
    }

    /// What the refresher, a backfill and a verification run for each object.
    private func readFromStripe(_ mirror: TestMirror) async throws {
        let reads = ObjectReadsTests.reads(mirror.store)
        let log = SyncLog(store: mirror.store)
        let now = ObjectReadsTests.now + 100
        let token = try await reads.token(at: now)
        let page = [
            try ObjectReadsTests.reply(TestEvent.customer("cus_1", email: "e"), token),
            try ObjectReadsTests.reply(TestEvent.subscription("sub_1", customer: "cus_1", quantity: 2), token),
            try ObjectReadsTests.reply(TestEvent.customer("cus_2"), token),
        ]
        // Once without repair, once with it, once equal, once tampered with.
        for isRepairing in [false, true, false] {
            _ = try await reads.verify(page, repairing: isRepairing, at: now)
        }
        try await mirror.store.pool.write { db in try db.execute(sql: "UPDATE subscriptions SET status = 'x' WHERE id = 'sub_1'") }
        let later = try await reads.token(at: now + 10)
        let again = try page.map { try ObjectReadsTests.reply($0.object.text, later) }
        _ = try await reads.verify(again, repairing: true, at: now + 10)
        let pass = try await log.beginPass(.backfill, at: now, date: Int64(now))
        _ = try await reads.fill(again, moving: pass, to: pass, at: now + 11)
        _ = try await reads.isWaiting("cus_1")
        try await reads.postpone("cus_1", until: now, because: "a test")
        let deleted = #"{"id":"cus_2","object":"customer","deleted":true}"#
        let reply = try ObjectReadsTests.reply(deleted, try await reads.token(at: now + 20))
        #expect(try await reads.finish(reply, for: .refresh, at: now + 21) == .applied)
        _ = try await log.sweeps()
        try await log.markSwept(to: 1, at: now)
    }

    /// Tables that never have more than a few rows.
    private static func isOfOneRow(_ detail: String) -> Bool {
        ["SCAN CONSTANT ROW", "SCAN sync_state", "SCAN passes"].contains { detail.hasPrefix($0) }
    }

    /// What is asked for on readers, whose statements are not traced: the plans of the text itself.
    @Test(arguments: [
        ("SELECT kind, object_id FROM object_states WHERE due_at <= 1 ORDER BY due_at LIMIT 16", "object_states_due"),
        ("SELECT due_at FROM object_states WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1", "object_states_due"),
        ("UPDATE object_states SET pending_since = 1, last_received = 1, due_at = 3 WHERE due_at IS NOT NULL", "object_states_due"),
        (
            "SELECT kind, object_id FROM object_states WHERE checked_at < 1 AND NOT deleted AND object_id > '' ORDER BY object_id LIMIT 100",
            "object_states"
        ),
        ("SELECT sequence FROM sync_state WHERE id = 1", "sync_state"),
    ]) func whatIsAskedForIsLookedUp(sql: String, index: String) async throws {
        try await TestMirror.with { mirror async throws in
            let plan = try await mirror.store.pool.read { db in
                try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(sql)").map { $0["detail"] as String }
            }
            #expect(
                plan.allSatisfy { $0.hasPrefix("SEARCH") || $0.contains("USING INDEX \(index)") || $0.contains("USING COVERING INDEX \(index)") },
                "\(plan)"
            )
            #expect(plan.contains { $0.contains(index) })
        }
    }
}
