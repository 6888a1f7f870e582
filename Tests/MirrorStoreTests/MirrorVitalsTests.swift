import Foundation
import GRDB
import Metrics
import MetricsTestKit
import Testing

@testable import MirrorStore

/// What a scrape says of the mirror, and what the writer counts.
@Suite(.timeLimit(.minutes(10))) struct MirrorVitalsTests {
    static let now: Double = 1_700_000_100

    @Test func anEmptyMirrorHasNothingToSay() async throws {
        try await TestMirror.with { mirror in
            let vitals = try await MirrorVitals(of: mirror.store)
            #expect(!vitals.isFilled)
            #expect((vitals.unconfirmedObjects, vitals.unconfirmedSince, vitals.failingReads) == (0, nil, 0))
            #expect((vitals.pendingEvents, vitals.failedEvents) == (0, 0))
            #expect(vitals.unverifiedSince == nil && vitals.verifiedAt == nil)
            #expect(vitals.heardAt == nil && vitals.sweptAt == nil)
            #expect(vitals.databaseBytes > 0)
            #expect(vitals.walBytes > 0)
        }
    }

    @Test func countsWhatWaitsAndWhatFailed() async throws {
        try await TestMirror.with { mirror in
            try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1")), at: Self.now)
            for number in [2, 3] {
                let orphan = TestEvent.customer("cus_\(number)", email: "new")
                #expect(
                    try await mirror.deliver(
                        TestEvent(id: "evt_\(number)", type: "customer.updated", object: orphan, previous: #"{"email":"old"}"#),
                        at: Self.now + Double(number)
                    ) == .pending
                )
            }
            let broken = #"{"id":"cus_4","object":"customer","email":["no","text"],"created":1,"livemode":false}"#
            #expect(try await mirror.deliver(TestEvent(id: "evt_4", type: "customer.created", object: broken)) == .failed)
            try await ObjectReadsTests.reads(mirror.store).postpone("cus_3", until: Self.now + 60, because: "a test")

            let vitals = try await MirrorVitals(of: mirror.store)
            // The object of the event that failed waits to be read, too.
            #expect((vitals.unconfirmedObjects, vitals.unconfirmedSince) == (3, Self.now))
            #expect(vitals.failingReads == 1)
            #expect((vitals.pendingEvents, vitals.failedEvents) == (2, 1))
            #expect(vitals.unverifiedSince == Self.now)
            // Exactly what the slower count says.
            let status = try MirrorStatus(of: mirror.store, now: Self.now)
            #expect(status.pendingObjects == vitals.unconfirmedObjects)
            #expect(status.failingReadCount == vitals.failingReads)
            #expect(status.events["pending"] == vitals.pendingEvents)
        }
    }

    @Test func saysHowCurrentTheMirrorIs() async throws {
        try await TestMirror.with { mirror in
            let log = SyncLog(store: mirror.store)
            try await log.finish(try await log.beginPass(.backfill, at: 1, date: 1), at: 2)
            try await log.markSwept(to: 3, at: 4)
            try await log.finish(try await log.beginPass(.verification, at: 5, date: 5), at: 6)
            var second = try await log.beginPass(.verification, at: 7, date: 7)
            second.drifted = 2
            try await log.save(second)
            let vitals = try await MirrorVitals(of: mirror.store)
            #expect(vitals.isFilled)
            #expect((vitals.heardAt, vitals.sweptAt, vitals.verifiedAt, vitals.driftedRows) == (4, 4, 6, 2))
        }
    }

    @Test func aClosedMirrorIsAnError() async throws {
        try await TestMirror.inFolder { folder in
            let (store, _) = try MirrorStore.open(path: folder.appending(path: "mirror.db").path)
            try await store.checkReadsAndWrites()
            try store.close()
            await #expect(throws: MirrorError.self) { try await MirrorVitals(of: store) }
            await #expect(throws: MirrorError.self) { try await store.checkReadsAndWrites() }
        }
    }

    @Test func aCheckWritesForReal() async throws {
        try await TestMirror.with { mirror in
            let before = try await MirrorVitals(of: mirror.store).walBytes
            try await mirror.store.checkReadsAndWrites()
            #expect(try await MirrorVitals(of: mirror.store).walBytes > before)
            // What another program that holds the file lets nobody do.
            try await mirror.store.pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA query_only = 1") }
            await #expect(throws: MirrorError.self) { try await mirror.store.checkReadsAndWrites() }
        }
    }

    @Test func theWriterCountsWhatItCommitted() async throws {
        try await TestMirror.inFolder { folder in
            let (store, _) = try MirrorStore.open(path: folder.appending(path: "mirror.db").path)
            let test = TestMetrics()
            let writer = MirrorWriter(
                store: store,
                metadataKey: "user_id",
                livemode: false,
                metrics: MirrorWriterMetrics(factory: test)
            )
            try await withThrowingTaskGroup { group in
                group.addTask { await writer.run() }
                let event = TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1"))
                _ = try await writer.commit([try event.delivery(at: Self.now), try event.delivery(at: Self.now)])
                #expect(writer.waitingCount == 0)
                try await store.pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA query_only = 1") }
                await #expect(throws: MirrorError.self) { try await writer.commit(event.delivery(at: Self.now)) }
                group.cancelAll()
            }
            for (outcome, count) in [("applied", 1), ("duplicate", 1), ("failed", 0)] {
                let counter = try test.expectCounter("portald_events_total", [("source", "webhook"), ("outcome", outcome)])
                #expect(counter.values.reduce(0, +) == Int64(count), "\(outcome)")
            }
            #expect(try test.expectRecorder("portald_commit_events").values == [2])
            #expect(try test.expectTimer("portald_commit_duration_seconds").values.count == 2)
            #expect(try test.expectCounter("portald_commit_failures_total").values == [1])
            try store.close()
        }
    }
}
