import Foundation
import GRDB
import NIOConcurrencyHelpers
import Stripe
import Testing

@testable import MirrorStore

/// What a sweep hands over at once: many deliveries, in their order, in shares that let webhooks in between.
@Suite(.timeLimit(.minutes(10))) struct MirrorWriterManyTests {
    /// A customer's creation and the updates after it, each the direct successor of the one before.
    static func chain(_ length: Int) throws -> [Delivery] {
        try (0..<length).map { number in
            try TestEvent(
                id: "evt_\(number)",
                type: number == 0 ? "customer.created" : "customer.updated",
                object: TestEvent.customer("cus_1", email: "n\(number)"),
                previous: number == 0 ? nil : #"{"email":"n\#(number - 1)"}"#,
                created: 1_700_000_000 + Int64(number)
            ).delivery()
        }
    }

    @Test func nothingIsNothing() async throws {
        try await TestMirror.with { mirror async throws in
            #expect(try await mirror.writer.commit([]) == [])
        }
    }

    @Test(arguments: [1, 63, 64, 65, 300]) func theirOrderIsKept(count: Int) async throws {
        try await TestMirror.with { mirror async throws in
            let outcomes = try await mirror.writer.commit(Self.chain(count))
            #expect(outcomes == Array(repeating: .applied, count: count))
            #expect(try mirror.strings("SELECT id FROM events ORDER BY rowid") == (0..<count).map { "evt_\($0)" })
            #expect(try mirror.text("email", of: "customers", "cus_1") == "n\(count - 1)")
            #expect(try await mirror.writer.commit(Self.chain(count)) == Array(repeating: .duplicate, count: count))
        }
    }

    @Test func aWebhookDoesNotWaitForAllOfThem() async throws {
        try await TestMirror.inFolder { folder in
            let (store, _) = try MirrorStore.open(path: folder.appending(path: "mirror.db").path)
            let writer = MirrorWriter(store: store, metadataKey: "user_id", livemode: false)
            try await withThrowingTaskGroup { group in
                let sweep = try Self.chain(500)
                group.addTask { _ = try await writer.commit(sweep) }
                while writer.waitingCount < MirrorWriter.maximumShare {
                    await Task.yield()
                }
                #expect(writer.waitingCount == MirrorWriter.maximumShare, "one share at a time")
                let webhook = try TestEvent(id: "evt_w", type: "customer.created", object: TestEvent.customer("cus_w")).delivery()
                group.addTask { _ = try await writer.commit(webhook) }
                while writer.waitingCount < MirrorWriter.maximumShare + 1 {
                    await Task.yield()
                }
                let running = Task { await writer.run() }
                try await group.waitForAll()
                running.cancel()
                await running.value
            }
            let before = try await store.pool.read { db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM events WHERE rowid < (SELECT rowid FROM events WHERE id = 'evt_w')")
            }
            #expect(before == MirrorWriter.maximumShare)
            try store.close()
        }
    }

    @Test func oneThatFailsAmongThemFailsAlone() async throws {
        try await TestMirror.with { mirror async throws in
            var deliveries = try Self.chain(100)
            let bad = TestEvent(
                id: "evt_bad",
                type: "customer.subscription.created",
                object: TestEvent.subscription("cus_1", customer: "cus_1")
            )
            deliveries.insert(try bad.delivery(), at: 50)
            let outcomes = try await mirror.writer.commit(deliveries)
            #expect(outcomes.count == 101)
            #expect(outcomes[50] == .failed)
            #expect(outcomes.filter { $0 == .applied }.count == 100)
            #expect(try mirror.text("email", of: "customers", "cus_1") == "n99")
            #expect(try mirror.text("confirmed", of: "customers", "cus_1") == "1")
        }
    }

    @Test func aWriterThatStopsSaysSo() async throws {
        try await TestMirror.inFolder { folder in
            let (store, _) = try MirrorStore.open(path: folder.appending(path: "mirror.db").path)
            let writer = MirrorWriter(store: store, metadataKey: "user_id", livemode: false)
            let running = Task { await writer.run() }
            running.cancel()
            await running.value
            await #expect(throws: MirrorError.stopped) { try await writer.commit(Self.chain(100)) }
            try store.close()
        }
    }
}
