import Foundation
import GRDB
import Stripe
import Testing

@testable import MirrorStore

/// Reads as the daemon and a command beside it make them: two processes with one file.
@Suite(.timeLimit(.minutes(10))) struct ObjectReadsTests {
    static let now: Double = 1_700_000_100

    static func reads(_ store: MirrorStore, apiVersion: String = "2026-03-25.dahlia") -> ObjectReads {
        ObjectReads(store: store, metadataKey: "user_id", livemode: false, apiVersion: apiVersion)
    }

    static func reply(_ object: String, _ token: ObjectRead.Token, date: Double = now) throws -> ObjectReply {
        let object = try #require(try MirroredObject(JSON(parsing: Array(object.utf8))))
        return ObjectReply(object: object, token: token, date: Int64(date))
    }

    static let created = TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1"))

    static func updated(_ id: String, from old: String, to new: String) -> TestEvent {
        TestEvent(
            id: id,
            type: "customer.updated",
            object: TestEvent.customer("cus_1", email: new),
            previous: #"{"email":"\#(old)"}"#,
            created: 1_700_000_001
        )
    }

    /// A mirror, and the same file as a second process has it open.
    static func withTwo(_ body: (TestMirror, MirrorStore) async throws -> Void) async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            try await TestMirror.open(path) { mirror in
                let (other, _) = try MirrorStore.open(path: path)
                try await body(mirror, other)
                try other.close()
            }
        }
    }

    @Test func aReadThatIsAskedForIsDueAtOnce() async throws {
        try await TestMirror.with { mirror in
            let reads = Self.reads(mirror.store)
            try await mirror.deliver(Self.created)
            let now = Self.now + 10
            let customer = ObjectReference(kind: .customer, id: "cus_1")
            try await reads.request(customer, at: now)
            #expect(try await reads.due(at: now, limit: 10) == [customer])
            #expect(try mirror.text("confirmed", of: "customers", "cus_1") == "0")
            // Asking again changes nothing, and puts nothing off.
            try await reads.request(customer, at: now + 1)
            #expect(try await reads.due(at: now, limit: 10) == [customer])

            let token = try await reads.token(at: now)
            let stub = #"{"id":"cus_1","object":"customer","deleted":true}"#
            let reply = try Self.reply(stub, token, date: now)
            #expect(try await reads.finish(reply, for: .refresh, at: now) == .applied)
            #expect(try mirror.text("deleted", of: "customers", "cus_1") == "1")
            try await reads.request(customer, at: now + 1)
            #expect(try await reads.nextDue() == nil)

            // One that the mirror has not heard of yet.
            let subscription = ObjectReference(kind: .subscription, id: "sub_1")
            try await reads.request(subscription, at: now)
            #expect(try await reads.due(at: now, limit: 10) == [subscription])
        }
    }

    @Test func anEventOfTheOtherProcessDropsAReply() async throws {
        try await Self.withTwo { mirror, other async throws in
            try await mirror.deliver(Self.created)
            let token = try await Self.reads(other).token(at: Self.now + 10)
            // The daemon takes in an event; the command's reply was rendered before.
            #expect(try await mirror.deliver(Self.updated("evt_2", from: "a@example.com", to: "b"), at: Self.now + 11) == .applied)
            let reply = try Self.reply(TestEvent.customer("cus_1"), token)
            #expect(try await Self.reads(other).finish(reply, for: .refresh, at: Self.now + 12) == .dropped)
            #expect(try await Self.reads(other).verify([reply], repairing: true, at: Self.now + 12) == [.overtaken])
            #expect(try mirror.text("email", of: "customers", "cus_1") == "b")
            // A clock of the past makes no difference: the count has moved.
            let early = ObjectRead.Token(sequence: token.sequence, sentAt: Self.now + 1000)
            let replay = try Self.reply(TestEvent.customer("cus_1"), early)
            #expect(try await Self.reads(other).finish(replay, for: .backfill, at: Self.now + 1000) == .dropped)
        }
    }

    @Test func aReadOfTheOtherProcessDropsAReply() async throws {
        try await Self.withTwo { mirror, other async throws in
            try await mirror.deliver(Self.created)
            let (ours, theirs) = (Self.reads(mirror.store), Self.reads(other))
            let first = try await ours.token(at: Self.now + 10)
            let second = try await theirs.token(at: Self.now + 10)
            let newer = try Self.reply(TestEvent.customer("cus_1", email: "newer"), second)
            let older = try Self.reply(TestEvent.customer("cus_1", email: "older"), first)
            #expect(try await theirs.finish(newer, for: .refresh, at: Self.now + 11) == .applied)
            #expect(try await ours.finish(older, for: .refresh, at: Self.now + 12) == .dropped)
            #expect(try mirror.text("email", of: "customers", "cus_1") == "newer")
        }
    }

    @Test func anEventShortlyBeforeTheRequestDropsAReply() async throws {
        try await TestMirror.with { mirror async throws in
            let reads = Self.reads(mirror.store)
            try await mirror.deliver(Self.created, at: Self.now)
            for (delay, outcome) in [(1.8, ObjectRead.Outcome.dropped), (2.0, .applied)] {
                let token = try await reads.token(at: Self.now + delay)
                let reply = try Self.reply(TestEvent.customer("cus_1", email: "read"), token)
                #expect(try await reads.finish(reply, for: .refresh, at: Self.now + delay + 1) == outcome)
            }
        }
    }

    @Test func whatIsDueIsListedLongestFirst() async throws {
        try await TestMirror.with { mirror async throws in
            let reads = Self.reads(mirror.store)
            #expect(try await reads.nextDue() == nil)
            for (number, delay) in [("1", 5.0), ("2", 0), ("3", 2)] {
                let event = TestEvent(
                    id: "evt_\(number)",
                    type: "customer.updated",
                    object: TestEvent.customer("cus_\(number)"),
                    previous: #"{"email":"lost"}"#
                )
                #expect(try await mirror.deliver(event, at: Self.now + delay) == .pending)
            }
            #expect(try await reads.nextDue() == Self.now + 2)
            #expect(try await reads.due(at: Self.now + 1.9, limit: 9) == [])
            #expect(try await reads.due(at: Self.now + 9, limit: 9).map(\.id) == ["cus_2", "cus_3", "cus_1"])
            #expect(try await reads.due(at: Self.now + 9, limit: 2).map(\.id) == ["cus_2", "cus_3"])
            try await reads.postpone("cus_2", until: Self.now + 60, because: "a test")
            #expect(try await reads.due(at: Self.now + 9, limit: 9).map(\.id) == ["cus_3", "cus_1"])
            #expect(try mirror.strings("SELECT read_error FROM object_states WHERE object_id = 'cus_2'") == ["a test"])
            // What waits for nothing is not made to wait.
            let settled = try Self.reply(TestEvent.customer("cus_3"), try await reads.token(at: Self.now + 20))
            #expect(try await reads.finish(settled, for: .refresh, at: Self.now + 21) == .applied)
            try await reads.postpone("cus_3", until: Self.now + 60, because: "late")
            #expect(try await reads.due(at: Self.now + 1000, limit: 9).map(\.id) == ["cus_1", "cus_2"])
        }
    }

    @Test func aRestartBeginsTheGraceAnewAndForgetsTheFuture() async throws {
        try await TestMirror.with { mirror async throws in
            let reads = Self.reads(mirror.store)
            try await mirror.deliver(Self.created, at: Self.now + 7200)
            let waiting = TestEvent(
                id: "evt_2",
                type: "customer.updated",
                object: TestEvent.customer("cus_2"),
                previous: #"{"email":"lost"}"#
            )
            try await mirror.deliver(waiting, at: Self.now + 7200)
            // The clock was two hours ahead.
            try await reads.resume(at: Self.now)
            #expect(try await reads.nextDue() == Self.now + FastForward.grace)
            let states = try mirror.strings("SELECT object_id || ' ' || last_received || ' ' || coalesce(pending_since, '-') FROM object_states ORDER BY 1")
            #expect(states == ["cus_1 \(Self.now) -", "cus_2 \(Self.now) \(Self.now)"])
            // Nothing is left of it to look for at the next start.
            let latest = try await mirror.store.pool.read { db in try SyncStateTable(db: db).latestAt() }
            #expect(try #require(latest) >= Self.now && #require(latest) < Self.now + 7200)
            // As the rule itself would have it.
            let record = try await mirror.store.pool.read { db in try ObjectStateTable(db: db).load("cus_2", kind: .customer) }
            var rule = FastForward(state: record.state, edges: [], sequence: record.state.sequence)
            rule.resume(at: Self.now)
            #expect(rule.state == record.state)
            let reply = try Self.reply(TestEvent.customer("cus_1", email: "read"), try await reads.token(at: Self.now + 3))
            #expect(try await reads.finish(reply, for: .refresh, at: Self.now + 4) == .applied)
        }
    }

    @Test func aPageAndItsCursorAreOneCommit() async throws {
        try await TestMirror.with { mirror async throws in
            let (reads, log) = (Self.reads(mirror.store), SyncLog(store: mirror.store))
            let pass = try await log.beginPass(.backfill, at: Self.now, date: Int64(Self.now))
            var next = pass
            next.cursor = "cus_2"
            next.customers = 2
            let token = try await reads.token(at: Self.now)
            let page = try ["cus_1", "cus_2"].map { try Self.reply(TestEvent.customer($0), token) }
            try await mirror.store.pool.write { db in
                try db.execute(sql: "CREATE TRIGGER broken BEFORE UPDATE ON passes BEGIN SELECT RAISE(ABORT, 'full'); END")
            }
            let wanted = next
            await #expect(throws: MirrorError.self) {
                try await reads.fill(page, moving: pass, to: wanted, at: Self.now)
            }
            #expect(try mirror.row("customers", "cus_1") == nil)
            #expect(try await log.unfinishedPass(.backfill)?.cursor == nil)
            // The second object's id is known as a subscription's: it is left out, and the page is not.
            try await mirror.store.pool.write { db in
                try db.execute(sql: "DROP TRIGGER broken")
                try db.execute(sql: "INSERT INTO object_states (object_id, kind, ended, deleted, sequence) VALUES ('cus_2', 'subscription', 0, 0, 0)")
            }
            #expect(try await reads.fill(page, moving: pass, to: wanted, at: Self.now) == ["cus_2"])
            #expect(try mirror.row("customers", "cus_1") != nil && mirror.row("customers", "cus_2") == nil)
            #expect(try await log.unfinishedPass(.backfill) == wanted)
            // Another process comes with the same page.
            let sequence = try mirror.strings("SELECT sequence FROM sync_state")
            #expect(try await reads.fill(page, moving: pass, to: wanted, at: Self.now) == nil)
            #expect(try mirror.strings("SELECT sequence FROM sync_state") == sequence)
        }
    }

    @Test func whatNoReplyHasAgreedWithIsListedByID() async throws {
        try await TestMirror.with { mirror async throws in
            let reads = Self.reads(mirror.store)
            for number in 1...5 {
                let event = TestEvent(id: "evt_\(number)", type: "customer.created", object: TestEvent.customer("cus_\(number)"))
                try await mirror.deliver(event, at: Self.now)
            }
            let deletion = TestEvent(id: "evt_d", type: "customer.deleted", object: TestEvent.customer("cus_4"))
            try await mirror.deliver(deletion, at: Self.now)
            let reply = try Self.reply(TestEvent.customer("cus_2"), try await reads.token(at: Self.now + 60))
            #expect(try await reads.verify([reply], repairing: false, at: Self.now + 61) == [.verified])
            #expect(try await reads.unchecked(since: Self.now + 60, after: nil, limit: 9).map(\.id) == ["cus_1", "cus_3", "cus_5"])
            #expect(try await reads.unchecked(since: Self.now + 60, after: "cus_1", limit: 1).map(\.id) == ["cus_3"])
            #expect(try await reads.unchecked(since: Self.now, after: nil, limit: 9) == [])
        }
    }

    @Test func aVerificationThatAgreesChangesNothingElse() async throws {
        try await TestMirror.with { mirror async throws in
            let reads = Self.reads(mirror.store)
            try await mirror.deliver(Self.created, at: Self.now)
            let sql = "SELECT sequence || coalesce(read_date, '-') || proven_by FROM object_states UNION ALL SELECT updated_at FROM customers"
            let before = try mirror.strings(sql)
            let reply = try Self.reply(TestEvent.customer("cus_1"), try await reads.token(at: Self.now + 60), date: Self.now + 60)
            #expect(try await reads.verify([reply], repairing: true, at: Self.now + 61) == [.verified])
            #expect(try mirror.strings(sql) == before)
            // So a later event is taken at once.
            #expect(try await mirror.deliver(Self.updated("evt_2", from: "a@example.com", to: "b"), at: Self.now + 62) == .applied)
        }
    }
}
