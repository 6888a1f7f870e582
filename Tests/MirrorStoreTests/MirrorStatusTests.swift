import Foundation
import GRDB
import Testing

@testable import MirrorStore

@Suite struct MirrorStatusTests {
    private static let now = 1_700_000_100.0

    private func status(of mirror: TestMirror, now: Double = now) throws -> MirrorStatus {
        try MirrorStatus(of: mirror.store, now: now)
    }

    private func json(_ status: MirrorStatus) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(status))
        return try #require(object as? [String: Any])
    }

    @Test func saysNullWhereThereIsNothingToSay() async throws {
        try await TestMirror.with { mirror async throws in
            let status = try status(of: mirror)
            #expect(!status.isReady)
            #expect(status.oldestUnverifiedSeconds == nil)
            #expect(status.backfill.state == .none)
            let json = try json(status)
            for name in ["oldest_unverified_seconds", "swept_to", "swept_at", "api_version", "pending_since"] {
                #expect(json[name] is NSNull, "\(name)")
            }
            #expect((json["backfill"] as? [String: Any])?["finished_at"] is NSNull)
            #expect(json["ready"] as? Bool == false)
        }
    }

    @Test func tellsHowFarThePassesAre() async throws {
        try await TestMirror.with { mirror async throws in
            let log = SyncLog(store: mirror.store)
            var pass = try await log.beginPass(.backfill, at: 10, date: 11)
            pass.stage = .subscriptions
            (pass.customers, pass.subscriptions) = (300, 200)
            try await log.save(pass)
            var status = try status(of: mirror)
            #expect(status.backfill.state == .unfinished)
            #expect(status.backfill.stage == "subscriptions")
            #expect(status.backfill.customers == 300)
            #expect(status.backfill.finishedAt == nil)
            #expect(!status.isReady)

            try await log.finish(pass, at: 20)
            try await log.markSwept(to: 30, at: 31)
            _ = try await log.beginPass(.backfill, at: 40, date: 41)
            var verification = try await log.beginPass(.verification, at: 50, date: 51)
            verification.drifted = 2
            try await log.finish(verification, at: 60)
            status = try self.status(of: mirror)
            #expect(status.isReady)
            #expect(status.backfill.state == .unfinished)
            #expect(status.backfill.finishedAt == 20)
            #expect(status.verification.state == .finished)
            #expect(status.verification.stage == nil)
            #expect(status.verification.drifted == 2)
            #expect(status.verification.finishedAt == 60)
            #expect(status.sweptTo == 30)
            #expect(status.sweptAt == 31)
        }
    }

    @Test func theOldestUnverifiedRowIsNoDeletedOne() async throws {
        try await TestMirror.with { mirror async throws in
            let objects = ["cus_1", "cus_2", "cus_3"].map { TestEvent.customer($0) }
            for (number, object) in objects.enumerated() {
                let event = TestEvent(id: "evt_\(number)", type: "customer.created", object: object)
                try await mirror.deliver(event, at: Self.now - 90 + Double(number) * 30)
            }
            #expect(try status(of: mirror).oldestUnverifiedSeconds == 90)
            try await mirror.deliver(
                TestEvent(id: "evt_deleted", type: "customer.deleted", object: objects[0]),
                at: Self.now
            )
            #expect(try status(of: mirror).oldestUnverifiedSeconds == 60)
            // The clock was set back.
            #expect(try status(of: mirror, now: 0).oldestUnverifiedSeconds == 0)
        }
    }

    @Test func warnsOfAnEndpointOfAnotherVersion() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1")), at: Self.now)
            let log = SyncLog(store: mirror.store)
            #expect(try status(of: mirror).warnings.isEmpty)
            try await log.setAPIVersion("2026-03-25.dahlia")
            #expect(try status(of: mirror).webhookAPIVersions == ["2026-03-25.dahlia"])
            #expect(try status(of: mirror).warnings.isEmpty)
            try await log.setAPIVersion("2026-10-28.endive")
            let warnings = try status(of: mirror).warnings
            #expect(warnings.count == 1)
            #expect(warnings.first?.contains("pin the endpoint to 2026-10-28.endive") == true)
            // What came in long ago says nothing of the endpoint now.
            #expect(try status(of: mirror, now: Self.now + 4 * 86_400).warnings.isEmpty)
        }
    }

    @Test func namesObjectsWhoseReadsFail() async throws {
        try await TestMirror.with { mirror async throws in
            let orphan = TestEvent(
                id: "evt_1",
                type: "customer.updated",
                object: TestEvent.customer("cus_1"),
                previous: #"{"email":"before"}"#
            )
            #expect(try await mirror.deliver(orphan) == .pending)
            let reads = ObjectReads(store: mirror.store, metadataKey: "user_id", livemode: false, apiVersion: "2026-03-25.dahlia")
            try await reads.postpone("cus_1", until: Self.now + 60, because: "no such customer")
            let status = try status(of: mirror)
            #expect(status.failingReadCount == 1)
            #expect(status.failingReads == [.init(object: "cus_1", error: "no such customer")])
            #expect(status.pendingObjects == 1)
        }
    }
}
