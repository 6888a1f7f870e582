import GRDB
import Stripe
import Testing

@testable import MirrorStore

@Suite struct HistoryTests {
    private static let start = 1_700_000_000.0

    private func history(_ mirror: TestMirror, of object: String) throws -> [String] {
        try mirror.strings(
            """
            SELECT CAST(at AS INTEGER) || ' ' || source || ' ' || coalesce(status, '-') || ' ' || deleted || ' ' || confirmed
            FROM history WHERE object_id = '\(object)' ORDER BY sequence
            """
        ).map { $0.replacing("\(Int(Self.start) / 10_000)", with: "") }
    }

    private static func subscription(
        _ id: String,
        _ type: String,
        _ status: String,
        previous: String? = nil
    ) -> TestEvent {
        TestEvent(
            id: id,
            type: "customer.subscription.\(type)",
            object: TestEvent.subscription("sub_1", customer: "cus_1", status: status),
            previous: previous.map { #"{"status":"\#($0)"}"# }
        )
    }

    @Test func aNoteIsMadeWhereverTheRowChanges() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(Self.subscription("evt_1", "created", "trialing"), at: Self.start + 1)
            try await mirror.deliver(Self.subscription("evt_1", "created", "trialing"), at: Self.start + 2)
            // Out of order: shown at once, and confirmed when its predecessor has come in.
            try await mirror.deliver(Self.subscription("evt_3", "updated", "past_due", previous: "active"), at: Self.start + 3)
            try await mirror.deliver(Self.subscription("evt_2", "updated", "active", previous: "trialing"), at: Self.start + 4)
            // Tells nothing new.
            try await mirror.deliver(Self.subscription("evt_4", "trial_will_end", "past_due"), at: Self.start + 5)
            try await mirror.deliver(Self.subscription("evt_5", "deleted", "canceled"), at: Self.start + 6)
            #expect(
                try history(mirror, of: "sub_1") == [
                    "0001 evt_1 trialing 0 1", "0003 evt_3 past_due 0 0", "0004 evt_3 past_due 0 1",
                    "0006 evt_5 canceled 0 1",
                ]
            )
            #expect(try mirror.strings("SELECT DISTINCT customer FROM history") == ["cus_1"])
        }
    }

    @Test func readsAndDeletionsAreNotedToo() async throws {
        try await TestMirror.with { mirror async throws in
            let object = TestEvent.customer("cus_1")
            let orphan = TestEvent(id: "evt_1", type: "customer.updated", object: object, previous: #"{"email":"b"}"#)
            try await mirror.deliver(orphan, at: Self.start + 1)
            let reads = ObjectReads(store: mirror.store, metadataKey: "user_id", livemode: false, apiVersion: "2026-03-25.dahlia")
            let reply = ObjectReply(
                object: try #require(try MirroredObject(JSON(parsing: Array(object.utf8)))),
                token: try await reads.token(at: Self.start + 10),
                date: Int64(Self.start) + 10
            )
            #expect(try await reads.finish(reply, for: .refresh, at: Self.start + 11) == .applied)
            try await mirror.deliver(TestEvent(id: "evt_2", type: "customer.deleted", object: object), at: Self.start + 12)
            #expect(
                try history(mirror, of: "cus_1") == ["0001 evt_1 - 0 0", "0011 read/2 - 0 1", "0012 evt_2 - 1 1"]
            )
        }
    }

    /// A mirror of an earlier version remembers what its rows show, from its migration on.
    @Test func aMirrorFromBeforeHasWhatItsRowsShow() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(Self.subscription("evt_1", "created", "active"), at: Self.start + 1)
            try await mirror.deliver(TestEvent(id: "evt_2", type: "customer.created", object: TestEvent.customer("cus_1")), at: Self.start + 2)
            let sql = try #require(Migrations.steps.first { $0.name == "0003_history" }).sql
            try await mirror.store.write { db in
                try db.execute(sql: "DROP TABLE history; ALTER TABLE sync_state DROP COLUMN history_since; ALTER TABLE sync_state DROP COLUMN pruned_to")
                try db.execute(sql: String(decoding: sql, as: UTF8.self))
            }
            #expect(try history(mirror, of: "sub_1") == ["0001 evt_1 active 0 1"])
            #expect(try history(mirror, of: "cus_1") == ["0002 evt_2 - 0 1"])
            #expect(try mirror.strings("SELECT history_since > 1700000000 FROM sync_state") == ["1"])
        }
    }
}
