import MirrorStore
import Sandbox
import Stripe
import Sync
import Testing

@Suite(.timeLimit(.minutes(10))) struct EventReplayTests {
    private static let broken = """
        {"id":"evt_broken","object":"event","type":"customer.created","created":\(Events.now - 10),"livemode":false,\
        "data":{"object":{"id":"cus_broken","object":"customer","metadata":"none"}}}
        """

    private static let ignored = """
        {"id":"evt_ignored","object":"event","type":"price.created","created":\(Events.now - 10),"livemode":false,\
        "data":{"object":{"id":"price_1","object":"price"}}}
        """

    @Test func anEventThatWasUsedCausesARead() async throws {
        try await RunningMirror.run { mirror in
            _ = try await mirror.receive(Events.customer())
            let reads = ObjectReads(store: mirror.store, metadataKey: "user_id", livemode: false, apiVersion: "2026-03-25.dahlia")
            #expect(try await reads.nextDue() == nil)
            for _ in 0..<2 {
                let (entry, result) = try await mirror.replay.replay("evt_1", now: Double(Events.now) + 5)
                #expect(entry?.objectID == "cus_1")
                #expect(result == .read)
            }
            let due = try await reads.due(at: Double(Events.now) + 60, limit: 10)
            #expect(due == [ObjectReference(kind: .customer, id: "cus_1")])
            #expect(try mirror.entries().count == 1)
        }
    }

    @Test func anEventThatFailedIsTriedAnew() async throws {
        try await RunningMirror.run { mirror in
            _ = try await mirror.receive(Events.customer())
            _ = try await mirror.receive(Self.broken)
            #expect(try mirror.log.replayable(failedOnly: true, receivedSince: nil) == ["evt_broken"])
            let (entry, result) = try await mirror.replay.replay("evt_broken", now: Double(Events.now) + 5)
            #expect(entry?.outcome == "failed")
            #expect(result == .replayed(.failed))
            #expect(try mirror.log.event("evt_broken")?.entry.source == "replay")
        }
    }

    @Test func saysWhatCannotBeReplayed() async throws {
        try await RunningMirror.run { mirror in
            _ = try await mirror.receive(Events.customer())
            _ = try await mirror.receive(Self.ignored)
            let pruner = MirrorPruner(store: mirror.store)
            #expect(try await pruner.removePayloads(receivedBefore: Events.now + 1) == 1)
            let now = Double(Events.now)
            for (id, time, words) in [
                ("evt_unknown", now, "not kept"), ("evt_ignored", now, "nothing that the mirror holds"), ("evt_1", now, "not kept"),
            ] {
                guard case (_, .impossible(let reason)) = try await mirror.replay.replay(id, now: time) else {
                    Issue.record("\(id) was replayed")
                    continue
                }
                #expect(reason.contains(words))
            }
        }
    }

    @Test func asksStripeForWhatIsNotKept() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer("old")
            account.loseNew()
            let id = try #require(account.sandbox.events().last?["id"]?.string)
            let log = EventLog(store: account.store)
            let replay = EventReplay(log: log, writer: account.writer, livemode: false, client: account.client)
            let now = account.time.unix
            #expect(try await replay.replay(id, now: now).result == .replayed(.applied))
            #expect(try await account.rows("SELECT id FROM customers") == [customer])
            #expect(try await MirrorPruner(store: account.store).removePayloads(receivedBefore: Int64(now) + 1) == 1)
            #expect(try await replay.replay(id, now: now).result == .read)
            guard case .impossible(let reason) = try await replay.replay("evt_unknown", now: now).result else {
                Issue.record("an unknown event was replayed")
                return
            }
            #expect(reason.contains("Stripe does not have it"))
        }
    }

    @Test func findsWhatCanBeReplayed() async throws {
        try await RunningMirror.run { mirror in
            for body in [Events.customer(), Self.ignored, Self.broken, Events.customer("evt_2", customer: "cus_2")] {
                _ = try await mirror.receive(body)
            }
            #expect(try mirror.log.replayable(failedOnly: false, receivedSince: nil) == ["evt_1", "evt_broken", "evt_2"])
            #expect(try mirror.log.replayable(failedOnly: false, receivedSince: Double(Events.now)).count == 3)
            #expect(try mirror.log.replayable(failedOnly: false, receivedSince: Double(Events.now) + 1).isEmpty)
            #expect(try mirror.log.replayable(failedOnly: true, receivedSince: Double(Events.now) + 1).isEmpty)
        }
    }
}
