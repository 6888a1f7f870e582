import Foundation
import GRDB
import Testing

@testable import MirrorStore

/// Every schema that a version has had, with data in it, is brought to the present one.
@Suite struct MigrationStepTests {
    /// A mirror of the first so many migrations, with a row in each table that its first version had.
    private func mirror(of count: Int, at path: String) async throws {
        var migrator = DatabaseMigrator()
        for step in Migrations.steps.prefix(count) {
            migrator.registerMigration(step.name) { db in
                try db.execute(sql: String(decoding: step.sql, as: UTF8.self))
            }
        }
        let pool = try DatabasePool(path: path)
        // The first schema's data go through every later step, as they would in a file that was kept.
        try migrator.migrate(pool, upTo: Migrations.steps[0].name)
        try await pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO customers (id, email, created, livemode, deleted, object, revision, confirmed, updated_at)
                    VALUES ('cus_1', 'ada@example.com', 1, 0, 0, '{"id":"cus_1","object":"customer"}', zeroblob(32), 1, 2);
                    INSERT INTO subscriptions
                        (id, customer, status, cancel_at_period_end, created, livemode, deleted, object, revision, confirmed, updated_at)
                    VALUES ('sub_1', 'cus_1', 'active', 0, 1, 0, 0, '{"id":"sub_1","object":"subscription"}', zeroblob(32), 1, 2);
                    INSERT INTO events (id, type, created, received_at, source, outcome)
                    VALUES ('evt_1', 'customer.created', 1, 2, 'webhook', 'applied');
                    """
            )
        }
        try migrator.migrate(pool)
        try pool.close()
    }

    @Test(arguments: 1...Migrations.steps.count)
    func dataOfEachSchemaStays(count: Int) async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            try await mirror(of: count, at: path)
            let (store, applied) = try MirrorStore.open(path: path)
            #expect(applied == Migrations.steps.dropFirst(count).map(\.name))
            let mirror = TestMirror(store: store, writer: MirrorWriter(store: store, metadataKey: "user_id", livemode: false))
            #expect(try mirror.strings("SELECT id || ' ' || email || ' ' || confirmed FROM customers") == ["cus_1 ada@example.com 1"])
            #expect(try mirror.strings("SELECT id || ' ' || status FROM subscriptions") == ["sub_1 active"])
            #expect(try mirror.strings("SELECT id || ' ' || outcome FROM events") == ["evt_1 applied"])
            #expect(try mirror.strings("PRAGMA integrity_check") == ["ok"])
            #expect(try mirror.strings("PRAGMA foreign_key_check").isEmpty)
            try store.close()
            // And it goes on from there.
            try await TestMirror.open(path) { mirror async throws in
                let event = TestEvent(id: "evt_2", type: "customer.created", object: TestEvent.customer("cus_2"))
                #expect(try await mirror.deliver(event) == .applied)
            }
        }
    }
}
