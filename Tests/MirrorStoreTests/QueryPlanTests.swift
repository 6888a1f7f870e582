import GRDB
import NIOConcurrencyHelpers
import Testing

@testable import MirrorStore

/// Every statement that a delivery or a portal request runs is a key look-up: the cost does not grow with the mirror.
@Suite struct QueryPlanTests {
    @Test func noStatementScansATable() async throws {
        try await TestMirror.with { mirror async throws in
            let traced = NIOLockedValueBox<Set<String>>(Set(MirrorReader.SQL.all))
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
            let statements = traced.withLockedValue { $0 }.filter { sql in
                ["SELECT", "INSERT", "UPDATE", "DELETE"].contains { sql.hasPrefix($0) }
            }
            #expect(statements.count >= 15)
            try await mirror.store.pool.read { db in try expectNoScan(in: statements, db) }
        }
    }

    /// Neither does a step of what removes rows.
    @Test func noStepOfPruningScansATable() async throws {
        let walks = [MirrorPruner.events, MirrorPruner.edges, MirrorPruner.history]
        let slices = walks.flatMap { walk in
            [walk.boundarySQL] + [true, false].flatMap { [walk.existsSQL(isLast: $0), walk.deleteSQL(isLast: $0)] }
        }
        try await TestMirror.with { mirror async throws in
            try await mirror.store.pool.read { db in
                try expectNoScan(in: slices + [MirrorPruner.payloadsSQL, MirrorPruner.erasureSQL], db)
            }
        }
    }

    private func expectNoScan(in statements: some Sequence<String>, _ db: Database) throws {
        for sql in statements {
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
            statement.setUncheckedArguments(StatementArguments())
            for row in try Row.fetchAll(statement) {
                let detail: String = row["detail"]
                #expect(!detail.hasPrefix("SCAN") || detail.hasPrefix("SCAN CONSTANT ROW"), "\(sql): \(detail)")
            }
        }
    }
}
