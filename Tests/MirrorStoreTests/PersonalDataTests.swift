import GRDB
import Stripe
import Testing

@testable import MirrorStore

/// What is left of a customer that Stripe has deleted.
@Suite struct PersonalDataTests {
    private static let email = "person@example.com"
    private static let customer = TestEvent.customer("cus_1", email: email, user: "u")

    private static func updated(_ id: String, to email: String, created: Int64 = 1_700_000_001) -> TestEvent {
        TestEvent(
            id: id,
            type: "customer.updated",
            object: TestEvent.customer("cus_1", email: email, user: "u"),
            previous: #"{"email":"earlier-\#(Self.email)"}"#,
            created: created
        )
    }

    private static func checkout(_ id: String) -> TestEvent {
        TestEvent(
            id: "evt_\(id)",
            type: "checkout.session.completed",
            object: #"{"id":"\#(id)","object":"checkout.session","client_reference_id":"u","customer":"cus_1","customer_details":{"email":"\#(email)"}}"#
        )
    }

    private static let deleted = TestEvent(
        id: "evt_deleted",
        type: "customer.deleted",
        object: customer,
        created: 1_700_000_009
    )

    /// Fills row, proven object, and payloads with the person's data.
    private func fill(_ mirror: TestMirror) async throws {
        #expect(try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: Self.customer)) == .applied)
        // Its parent is unknown: it is shown, and what is proven is kept beside it.
        #expect(try await mirror.deliver(Self.updated("evt_2", to: "later-\(Self.email)")) == .pending)
        #expect(try await mirror.deliver(Self.checkout("cs_1")) == .applied)
        let proven = try mirror.strings("SELECT proven_object FROM object_states WHERE object_id = 'cus_1'")
        #expect(proven.first?.contains(Self.email) == true)
        #expect(try places(of: Self.email, in: mirror).count == 6)
    }

    /// Every column of every table that has a text in it.
    private func places(of text: String, in mirror: TestMirror) throws -> [String] {
        try mirror.store.pool.read { db in
            let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
            return try tables.flatMap { table in
                try Row.fetchAll(db, sql: "SELECT * FROM \(table)").flatMap { row in
                    row.columnNames.filter { String.fromDatabaseValue(row[$0])?.contains(text) == true }
                        .map { "\(table).\($0)" }
                }
            }
        }
    }

    @Test func deletionRemovesWhatIsKnownOfThePerson() async throws {
        try await TestMirror.with { mirror async throws in
            try await fill(mirror)
            #expect(try await mirror.deliver(Self.deleted) == .applied)
            #expect(try places(of: Self.email, in: mirror).isEmpty)
            #expect(try mirror.text("object", of: "customers", "cus_1") == #"{"id":"cus_1","object":"customer","deleted":true}"#)
            #expect(try mirror.strings("SELECT outcome FROM events WHERE id = 'evt_2'") == ["superseded"])
        }
    }

    @Test func aReplyThatSaysDeletedDoesTheSame() async throws {
        try await TestMirror.with { mirror async throws in
            try await fill(mirror)
            let outcome = try await mirror.read(#"{"id":"cus_1","object":"customer","deleted":true}"#, for: .refresh)
            #expect(outcome == .applied)
            #expect(try places(of: Self.email, in: mirror).isEmpty)
            #expect(try mirror.text("deleted", of: "customers", "cus_1") == "1")
        }
    }

    @Test func itStaysGoneWhateverComesLater() async throws {
        try await TestMirror.with { mirror async throws in
            try await fill(mirror)
            try await mirror.deliver(Self.deleted)
            let late: [(TestEvent, Outcome)] = [
                (Self.updated("evt_3", to: Self.email, created: 1_700_000_020), .superseded),
                (TestEvent(id: "evt_4", type: "customer.created", object: Self.customer, created: 1_700_000_020), .superseded),
                (TestEvent(id: "evt_5", type: "customer.test", object: Self.customer, created: 1_700_000_020), .superseded),
                (
                    TestEvent(
                        id: "evt_6",
                        type: "customer.updated",
                        object: #"{"id":"cus_1","object":"customer","email":"\#(Self.email)","metadata":"unreadable"}"#
                    ), .failed
                ),
                (Self.checkout("cs_2"), .applied), (Self.checkout("cs_1"), .duplicate),
                (Self.updated("evt_2", to: "later-\(Self.email)"), .duplicate), (Self.deleted, .duplicate),
            ]
            for (event, outcome) in late {
                #expect(try await mirror.deliver(event) == outcome, "\(event.id)")
                #expect(try places(of: Self.email, in: mirror).isEmpty, "\(event.id)")
            }
            for (event, outcome) in late {
                let again = try await mirror.writer.commit(event.delivery(source: .replay))
                #expect(again == (outcome == .failed ? .failed : .duplicate), "\(event.id)")
                #expect(try places(of: Self.email, in: mirror).isEmpty, "\(event.id)")
            }
            for purpose in [ObjectRead.Purpose.refresh, .verification, .backfill] {
                #expect(try await mirror.read(Self.customer, for: purpose) == .superseded)
            }
            #expect(try places(of: Self.email, in: mirror).isEmpty)
            let row = try #require(try mirror.row("customers", "cus_1"))
            #expect(row["deleted"] == true)
            #expect(row["confirmed"] == true)
            // Nothing waits, so nothing is asked of Stripe.
            #expect(try mirror.strings("SELECT object_id FROM object_states WHERE due_at IS NOT NULL").isEmpty)
        }
    }
}

extension TestMirror {
    /// Takes in a reply that Stripe gave long after the last event.
    fileprivate func read(_ object: String, for purpose: ObjectRead.Purpose) async throws -> ObjectRead.Outcome {
        let reads = ObjectReads(store: store, metadataKey: "user_id", livemode: false, apiVersion: "2026-03-25.dahlia")
        let now = 1_700_000_500.0
        let object = try #require(try MirroredObject(JSON(parsing: Array(object.utf8))))
        let reply = ObjectReply(object: object, token: try await reads.token(at: now), date: Int64(now))
        return try await reads.finish(reply, for: purpose, at: now + 1)
    }
}
