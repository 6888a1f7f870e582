import Foundation
import GRDB
import Testing

@testable import MirrorStore

/// A mirror of the version before links were kept apart from decisions.
@Suite struct LinkMigrationTests {
    /// Makes a file of the schema before, and what it held.
    private func mirrorFromBefore(_ path: String) throws {
        var migrator = DatabaseMigrator()
        for step in Migrations.steps.prefix(3) {
            migrator.registerMigration(step.name) { db in
                try db.execute(sql: String(decoding: step.sql, as: UTF8.self))
            }
        }
        let pool = try DatabasePool(path: path)
        try migrator.migrate(pool)
        try pool.write { db in
            for (claimant, user, customer, source) in [
                ("cus_1", "alice", "cus_1", "customer_metadata"), ("sub_1", "alice", "cus_1", "subscription_metadata"),
                ("cs_1", "mallory", "cus_1", "checkout_client_reference_id"), ("cus_2", "bob", "cus_2", "customer_metadata"),
            ] {
                let values: StatementArguments = [user, customer, source, "evt_\(claimant)", 1_700_000_000, claimant]
                try db.execute(sql: "INSERT INTO user_links VALUES (?, ?, ?, ?, ?, ?)", arguments: values)
            }
            // By hand, as there was no command for it.
            for (user, customer) in [("carol", "cus_3"), ("dave", "cus_4"), ("erin", "cus_4")] {
                try db.execute(
                    sql: "INSERT INTO user_links VALUES (?1, ?2, 'operator', NULL, 1700000001, ?1)",
                    arguments: [user, customer]
                )
            }
            try db.execute(
                sql: """
                    INSERT INTO events (id, type, created, received_at, source, outcome)
                    VALUES ('evt_cus_1', 'customer.created', 0, 1700000005, 'webhook', 'applied')
                    """
            )
            try db.execute(sql: "UPDATE sync_state SET swept_at = 1700000003.5")
        }
        try pool.close()
    }

    @Test func everyLinkStaysWhatItWas() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            try mirrorFromBefore(path)
            let (store, migrations) = try MirrorStore.open(path: path)
            #expect(migrations.first == "0004_links")
            let mirror = TestMirror(store: store, writer: MirrorWriter(store: store, metadataKey: "user_id", livemode: false))
            #expect(
                try mirror.strings(
                    """
                    SELECT user_id || ' ' || customer || ' ' || source || ' ' || coalesce(event, '-') || ' ' || created_at
                    FROM user_links ORDER BY customer, user_id, claimant
                    """
                ) == [
                    "alice cus_1 customer_metadata evt_cus_1 1700000000", "alice cus_1 subscription_metadata evt_sub_1 1700000000",
                    "mallory cus_1 checkout_client_reference_id evt_cs_1 1700000000", "bob cus_2 customer_metadata evt_cus_2 1700000000",
                    "carol cus_3 operator - 1700000001",
                ]
            )
            #expect(try mirror.strings("SELECT customer || ' ' || users FROM link_conflicts") == ["cus_1 2"])
            // What opened for nobody still does, until the operator decides.
            #expect(
                try mirror.strings("SELECT user_id || ' ' || customer || ' ' || verdict FROM link_decisions ORDER BY user_id")
                    == ["carol cus_3 linked", "dave cus_4 unlinked", "erin cus_4 unlinked"]
            )
            // The ledger begins with what is known, and says since when it tells of changes.
            let ledger = "SELECT change || ' ' || count(*) FROM link_ledger GROUP BY change ORDER BY change"
            #expect(try mirror.strings(ledger) == ["claimed 4", "linked 1", "unlinked 2"])
            let record = try await MirrorReader(store: store).record(of: UserID("alice"), at: 1_700_000_000, limit: 1)
            #expect(record.links.map(\.standing) == [.conflict, .conflict])
            #expect(record.linksSince > 1_700_000_000)
            #expect(try await MirrorReader(store: store).snapshot(of: UserID("bob")).heardAt == 1_700_000_005)
            #expect(try mirror.strings("PRAGMA integrity_check") == ["ok"])
            try store.close()
        }
    }

    @Test func anEmptyMirrorHasNeverHeardOfStripe() async throws {
        try await TestMirror.with { mirror async throws in
            #expect(try await MirrorReader(store: mirror.store).snapshot(of: UserID("u")).heardAt == nil)
        }
    }
}
