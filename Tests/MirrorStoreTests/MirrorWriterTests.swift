import Foundation
import GRDB
import NIOConcurrencyHelpers
import Stripe
import Testing

@testable import MirrorStore

@Suite struct MirrorWriterTests {
    static let created = TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1"))

    static func updated(_ id: String, from old: String, to new: String, created: Int64 = 1_700_000_001) -> TestEvent {
        TestEvent(
            id: id,
            type: "customer.updated",
            object: TestEvent.customer("cus_1", email: new),
            previous: #"{"email":"\#(old)"}"#,
            created: created
        )
    }

    @Test func aRowIsTheObjectThatWasSent() async throws {
        try await TestMirror.with { mirror async throws in
            let object = TestEvent.subscription("sub_1", customer: "cus_1", quantity: 3)
            let outcome = try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.subscription.created", object: object))
            #expect(outcome == .applied)
            let row = try #require(try mirror.row("subscriptions", "sub_1"))
            #expect(row["object"] == object)
            #expect(row["customer"] == "cus_1")
            #expect(row["status"] == "active")
            #expect(row["current_period_end"] == 20)
            #expect(row["confirmed"] == true)
            #expect(row["revision"] == Data(Revision(of: try JSON(parsing: Array(object.utf8))).bytes))
            #expect(try mirror.text("quantity", of: "subscription_items", "si_sub_1") == "3")
        }
    }

    @Test func anEventIsTakenInOnce() async throws {
        try await TestMirror.with { mirror async throws in
            #expect(try await mirror.deliver(Self.created) == .applied)
            #expect(try await mirror.deliver(Self.updated("evt_2", from: "a@example.com", to: "b")) == .applied)
            #expect(try await mirror.deliver(Self.updated("evt_2", from: "a@example.com", to: "b")) == .duplicate)
            #expect(try await mirror.deliver(Self.created) == .duplicate)
            #expect(try mirror.text("email", of: "customers", "cus_1") == "b")
            #expect(try mirror.strings("SELECT outcome FROM events") == ["applied", "applied"])
        }
    }

    @Test func allThatWaitShareATransaction() async throws {
        final class Commits: TransactionObserver, Sendable {
            let count = NIOLockedValueBox(0)
            func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
            func databaseDidChange(with event: DatabaseEvent) {}
            func databaseDidCommit(_ db: Database) { count.withLockedValue { $0 += 1 } }
            func databaseDidRollback(_ db: Database) {}
        }
        try await TestMirror.inFolder { folder in
            let (store, _) = try MirrorStore.open(path: folder.appending(path: "mirror.db").path)
            let writer = MirrorWriter(store: store, metadataKey: "user_id", livemode: false)
            let commits = Commits()
            try store.pool.add(transactionObserver: commits, extent: .databaseLifetime)
            let events = 500
            try await withThrowingTaskGroup { group in
                for number in 0..<events {
                    group.addTask {
                        let event = TestEvent(
                            id: "evt_\(number)",
                            type: "customer.created",
                            object: TestEvent.customer("cus_\(number)")
                        )
                        let outcome = try await writer.commit(event.delivery())
                        #expect(outcome == .applied)
                    }
                }
                // Begun only when all wait, so that their number does not depend on the machine.
                while writer.waitingCount < events {
                    await Task.yield()
                }
                let running = Task { await writer.run() }
                try await group.waitForAll()
                running.cancel()
                await running.value
            }
            #expect(commits.count.withLockedValue { $0 } == 2)
            try store.close()
        }
    }

    @Test func oneBadEventRollsBackAlone() async throws {
        try await TestMirror.with { mirror async throws in
            #expect(try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("x"))) == .applied)
            // The same id as another kind of object contradicts what the mirror knows.
            let bad = TestEvent(
                id: "evt_2",
                type: "customer.subscription.created",
                object: TestEvent.subscription("x", customer: "cus_1")
            )
            #expect(try await mirror.deliver(bad) == .failed)
            #expect(try mirror.row("subscriptions", "x") == nil)
            #expect(try mirror.text("error", of: "events", "evt_2")?.contains("known as a customer") == true)
            #expect(try mirror.text("payload", of: "events", "evt_2") == String(decoding: bad.body, as: UTF8.self))
        }
    }

    @Test func aFailedEventIsTriedAnewWhenItIsSentAgain() async throws {
        try await TestMirror.with { mirror async throws in
            #expect(try await mirror.deliver(Self.created) == .applied)
            try await mirror.store.pool.write { db in
                try db.execute(sql: "UPDATE events SET outcome = 'failed'; DELETE FROM customers; DELETE FROM object_states")
            }
            #expect(try await mirror.deliver(Self.created) == .applied)
            #expect(try mirror.row("customers", "cus_1") != nil)
        }
    }

    @Test func aFullDiskFailsAllAndLosesNothing() async throws {
        try await TestMirror.with { mirror async throws in
            #expect(try await mirror.deliver(Self.created) == .applied)
            try await mirror.store.pool.writeWithoutTransaction { db in
                let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
                try db.execute(sql: "PRAGMA max_page_count = \(pages)")
            }
            let large = TestEvent(
                id: "evt_2",
                type: "customer.created",
                object: TestEvent.customer("cus_2", email: String(repeating: "x", count: 100_000))
            )
            await #expect(throws: MirrorError.sqlite(code: 13, message: "database or disk is full")) {
                try await mirror.deliver(large)
            }
            #expect(try mirror.row("events", "evt_2") == nil)
            try await mirror.store.pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA max_page_count = 1000000")
            }
            #expect(try await mirror.deliver(large) == .applied)
        }
    }

    @Test func aStoppedWriterRefuses() async throws {
        try await TestMirror.inFolder { folder in
            let (store, _) = try MirrorStore.open(path: folder.appending(path: "mirror.db").path)
            let writer = MirrorWriter(store: store, metadataKey: "user_id", livemode: false)
            let running = Task { await writer.run() }
            running.cancel()
            await running.value
            await #expect(throws: MirrorError.stopped) { try await writer.commit(Self.created.delivery()) }
            try store.close()
        }
    }

    @Test func whatWaitsSurvivesARestart() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            try await TestMirror.open(path) { mirror async throws in
                try await mirror.deliver(Self.created)
                let late = Self.updated("evt_3", from: "b", to: "c", created: 1_700_000_002)
                #expect(try await mirror.deliver(late) == .pending)
                let row = try #require(try mirror.row("customers", "cus_1"))
                #expect(row["email"] == "c")
                #expect(row["confirmed"] == false)
            }
            try await TestMirror.open(path) { mirror async throws in
                #expect(try await mirror.deliver(Self.updated("evt_2", from: "a@example.com", to: "b")) == .applied)
                let row = try #require(try mirror.row("customers", "cus_1"))
                #expect(row["email"] == "c")
                #expect(row["confirmed"] == true)
                #expect(try mirror.strings("SELECT outcome FROM events ORDER BY id") == ["applied", "applied", "applied"])
                #expect(try mirror.strings("SELECT event FROM pending_events").isEmpty)
            }
        }
    }

    @Test func stepsThatCancelOutBringTheProvenObjectBack() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            try await TestMirror.open(path) { mirror async throws in
                var created = Self.created
                created.object = TestEvent.customer("cus_1", user: "alice")
                try await mirror.deliver(created)
                var event = Self.updated("evt_2", from: "c", to: "b")
                event.object = TestEvent.customer("cus_1", email: "b", user: "bob")
                #expect(try await mirror.deliver(event) == .pending)
                #expect(try mirror.links() == ["bob cus_1 customer_metadata"])
            }
            try await TestMirror.open(path) { mirror async throws in
                var event = Self.updated("evt_3", from: "b", to: "c", created: 1_700_000_002)
                event.object = TestEvent.customer("cus_1", email: "c", user: "bob")
                #expect(try await mirror.deliver(event) == .applied)
                let row = try #require(try mirror.row("customers", "cus_1"))
                #expect(row["object"] == TestEvent.customer("cus_1", user: "alice"))
                #expect(row["confirmed"] == true)
                #expect(try mirror.links() == ["alice cus_1 customer_metadata"])
                #expect(try mirror.strings("SELECT proven_object FROM object_states WHERE proven_object IS NOT NULL").isEmpty)
            }
        }
    }

    @Test func aDeletedCustomerIsATombstone() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(Self.created)
            let stub = #"{"id":"cus_1","object":"customer","deleted":true}"#
            #expect(try await mirror.deliver(TestEvent(id: "evt_3", type: "customer.deleted", object: stub)) == .applied)
            #expect(try await mirror.deliver(Self.updated("evt_2", from: "a@example.com", to: "b")) == .superseded)
            let row = try #require(try mirror.row("customers", "cus_1"))
            #expect(row["deleted"] == true)
            #expect(row["confirmed"] == true)
            #expect(row["livemode"] == false)
        }
    }

    @Test func moreItemsThanAPageAreNeverCutInSilence() async throws {
        try await TestMirror.with { mirror async throws in
            let object = TestEvent.subscription("sub_1", customer: "cus_1", hasMore: true)
            let event = TestEvent(id: "evt_1", type: "customer.subscription.created", object: object)
            #expect(try await mirror.deliver(event) == .pending)
            #expect(try mirror.text("confirmed", of: "subscriptions", "sub_1") == "0")
            let status = try MirrorStatus(of: mirror.store, now: 0)
            #expect(status.pendingObjects == 1)
        }
    }

    @Test func aThinEventWaitsForARead() async throws {
        try await TestMirror.with { mirror async throws in
            let body = Array(
                #"{"id":"evt_1","object":"v2.core.event","type":"v1.customer.updated","created":"2026-10-01T12:00:00Z","livemode":false,"related_object":{"id":"cus_1","type":"customer","url":"/v1/customers/cus_1"}}"#
                    .utf8
            )
            let delivery = Delivery(
                event: try Event(JSON(parsing: body)),
                payload: body,
                source: .webhook,
                receivedAt: 1,
                livemode: false
            )
            #expect(try await mirror.writer.commit(delivery) == .pending)
            #expect(try mirror.row("customers", "cus_1") == nil)
        }
    }

    @Test func otherEventsAreNotedWithoutTheirPayload() async throws {
        try await TestMirror.with { mirror async throws in
            let invoice = TestEvent(id: "evt_1", type: "invoice.paid", object: #"{"id":"in_1","object":"invoice"}"#)
            #expect(try await mirror.deliver(invoice) == .ignored)
            var live = Self.created
            live.livemode = true
            live.id = "evt_2"
            #expect(try await mirror.deliver(live) == .ignored)
            #expect(try mirror.strings("SELECT id FROM events WHERE payload IS NULL") == ["evt_1", "evt_2"])
            #expect(try mirror.row("customers", "cus_1") == nil)
        }
    }

    @Test func anEventThatCannotBeReadTakesTheConfirmation() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(Self.created)
            let object = #"{"id":"cus_1","object":"customer","created":"yesterday"}"#
            let broken = TestEvent(id: "evt_2", type: "customer.updated", object: object, previous: "{}")
            #expect(try await mirror.deliver(broken) == .failed)
            #expect(try mirror.text("object_id", of: "events", "evt_2") == "cus_1")
            #expect(try mirror.text("confirmed", of: "customers", "cus_1") == "0")
            // Sent again it fails again, and leaves no second mark.
            #expect(try await mirror.deliver(broken) == .failed)
            #expect(try mirror.strings("SELECT kind FROM pending_events") == ["thin"])
        }
    }

    @Test func anObjectOfAnUnknownShapeIsKeptAsFailed() async throws {
        try await TestMirror.with { mirror async throws in
            let broken = TestEvent(id: "evt_1", type: "customer.updated", object: #"{"object":"customer"}"#, previous: "{}")
            #expect(try await mirror.deliver(broken) == .failed)
            let row = try #require(try mirror.row("events", "evt_1"))
            #expect(row["error"] == "member 'id' is missing")
        }
    }
}
