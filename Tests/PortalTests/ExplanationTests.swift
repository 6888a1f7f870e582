import Foundation
import MirrorStore
import Portal
import Stripe
import Testing

@Suite struct ExplanationTests {
    private static let start = 1_700_000_000.0
    private static let statuses: Set<String> = ["active", "trialing"]

    /// A mirror on a real file, with its writer running.
    private struct Mirror {
        let store: MirrorStore
        let writer: MirrorWriter

        static func with(isFilled: Bool = true, _ body: (Mirror) async throws -> Void) async throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "explain-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let (store, _) = try MirrorStore.open(path: folder.appending(path: "mirror.db").path)
            let writer = MirrorWriter(store: store, metadataKey: "user_id", livemode: false)
            if isFilled {
                let log = SyncLog(store: store)
                try await log.finish(try await log.beginPass(.backfill, at: start, date: 0), at: start)
            }
            try await withThrowingTaskGroup { group in
                group.addTask { await writer.run() }
                try await body(Mirror(store: store, writer: writer))
                group.cancelAll()
            }
            try store.close()
            try FileManager.default.removeItem(at: folder)
        }

        @discardableResult
        func deliver(_ id: String, _ type: String, _ object: String, previous: String = "", at time: Double) async throws -> Outcome {
            let previous = previous.isEmpty ? "" : #","previous_attributes":\#(previous)"#
            let body = Array(
                #"{"id":"\#(id)","object":"event","type":"\#(type)","created":\#(Int(time)),"livemode":false,"api_version":"2026-03-25.dahlia","request":{"id":"req_\#(id)"},"data":{"object":\#(object)\#(previous)}}"#
                    .utf8
            )
            let event = try Event(JSON(parsing: body))
            return try await writer.commit(
                Delivery(event: event, payload: body, source: .webhook, receivedAt: time, livemode: false)
            )
        }

        func customer(_ id: String, user: String, at time: Double) async throws {
            try await deliver("evt_\(id)", "customer.created", Self.customer(id, user: user), at: time)
        }

        static func customer(_ id: String, user: String) -> String {
            #"{"id":"\#(id)","object":"customer","created":1600000000,"email":"\#(id)@example.com","metadata":{"user_id":"\#(user)"}}"#
        }

        static func subscription(_ id: String, of customer: String, _ status: String) -> String {
            #"{"id":"\#(id)","object":"subscription","created":1600000001,"customer":"\#(customer)","status":"\#(status)","metadata":{},"items":{"object":"list","data":[],"has_more":false}}"#
        }

        func explanation(of user: String, at time: Double? = nil) async throws -> Explanation {
            let user = try UserID(user)
            let record = try await MirrorReader(store: store).record(of: user, at: time, limit: 5)
            return Explanation(record, of: user, allowedStatuses: statuses)
        }

        /// What the endpoint decides.
        func decision(for user: String) async throws -> PortalDecision {
            PortalDecision(try await MirrorReader(store: store).snapshot(of: UserID(user)), allowedStatuses: statuses)
        }
    }

    @Test func everyDecisionHasItsRuleInWords() async throws {
        try await Mirror.with { mirror async throws in
            let now = Date.now.timeIntervalSince1970
            try await mirror.customer("cus_1", user: "alice", at: now)
            try await mirror.deliver("evt_1", "customer.subscription.created", Mirror.subscription("sub_1", of: "cus_1", "active"), at: now)
            try await mirror.customer("cus_2", user: "bob", at: now)
            try await mirror.deliver("evt_2", "customer.subscription.created", Mirror.subscription("sub_2", of: "cus_2", "canceled"), at: now)
            try await mirror.customer("cus_3", user: "carol", at: now)
            try await mirror.customer("cus_4", user: "dave", at: now)
            let claim = #"{"id":"cs_1","object":"checkout.session","client_reference_id":"erin","customer":"cus_4"}"#
            try await mirror.deliver("evt_4", "checkout.session.completed", claim, at: now)
            try await mirror.customer("cus_5", user: "frank", at: now)
            try await mirror.deliver("evt_5", "customer.deleted", Mirror.customer("cus_5", user: "frank"), at: now)
            for (user, decision, words) in [
                ("alice", "allowed", "cus_1 is the user's alone, and its subscription sub_1 is active: active or trialing opens the portal."),
                ("bob", "no_active_subscription", "No subscription of cus_2 is active or trialing: sub_2 is canceled."),
                ("carol", "no_active_subscription", "No subscription of cus_3 is active or trialing: there is none."),
                ("dave", "customer_link_conflict", "cus_4 is claimed for another user too, so it opens for neither"),
                ("erin", "customer_link_conflict", "cus_4 is claimed for another user too"),
                ("frank", "customer_not_found", "Every customer that the user is linked to is deleted: cus_5."),
                ("nobody", "customer_not_found", "The user is linked to no customer."),
            ] {
                let explanation = try await mirror.explanation(of: user)
                #expect(explanation.decision == decision, "\(user)")
                #expect(explanation.reason.contains(words), "\(explanation.reason)")
                #expect(explanation.notes.isEmpty)
                // The same as of this moment, from the history.
                let past = try await mirror.explanation(of: user, at: Date.now.timeIntervalSince1970 + 1)
                #expect(past.decision == decision, "\(user)")
                #expect(past.reason == explanation.reason)
                let json = String(decoding: try JSONEncoder().encode(explanation), as: UTF8.self)
                #expect(!json.contains("example.com"))
            }
            #expect(try await mirror.explanation(of: "alice").customer == "cus_1")
            #expect(try await mirror.decision(for: "alice") == .allowed(customer: "cus_1"))
        }
    }

    @Test func saysWhatEachRowRestsOn() async throws {
        try await Mirror.with { mirror async throws in
            let now = Date.now.timeIntervalSince1970
            try await mirror.customer("cus_1", user: "alice", at: now)
            let active = Mirror.subscription("sub_1", of: "cus_1", "active")
            try await mirror.deliver("evt_2", "customer.subscription.created", active, at: now + 1)
            let orphan = Mirror.subscription("sub_1", of: "cus_1", "past_due")
            let previous = #"{"status":"unpaid"}"#
            #expect(try await mirror.deliver("evt_3", "customer.subscription.updated", orphan, previous: previous, at: now + 2) == .pending)
            let reads = ObjectReads(store: mirror.store, metadataKey: "user_id", livemode: false, apiVersion: "2026-03-25.dahlia")
            try await reads.postpone("sub_1", until: now + 60, because: "Stripe is away")

            let explanation = try await mirror.explanation(of: "alice")
            let link = try #require(explanation.links.first)
            #expect(link.customer == "cus_1")
            #expect(link.source == "customer_metadata")
            #expect(link.event == "evt_cus_1")
            #expect(explanation.objects.map(\.id) == ["cus_1", "sub_1"])
            let customer = explanation.objects[0]
            #expect(customer.shown.confirmed)
            #expect(customer.standingSince == now)
            #expect(customer.pending.isEmpty)
            #expect(customer.dueAt == nil)
            let subscription = explanation.objects[1]
            #expect(subscription.customer == "cus_1")
            #expect(subscription.shown.status == "past_due")
            #expect(!subscription.shown.confirmed)
            #expect(subscription.standingSince == now + 2)
            #expect(subscription.history.map(\.source) == ["evt_3", "evt_2"])
            #expect(subscription.pending.map(\.event) == ["evt_3"])
            #expect(subscription.pending.first?.kind == "updated")
            #expect(subscription.pending.first?.isBarred == false)
            #expect(subscription.dueAt == now + 60)
            #expect(subscription.readError == "Stripe is away")
        }
    }

    @Test func tellsOfATimeInThePast() async throws {
        try await Mirror.with { mirror async throws in
            // Later than the mirror's own beginning, which is now.
            let begin = Date.now.timeIntervalSince1970 + 1000
            try await mirror.customer("cus_1", user: "alice", at: begin)
            let active = Mirror.subscription("sub_1", of: "cus_1", "active")
            try await mirror.deliver("evt_2", "customer.subscription.created", active, at: begin + 100)
            let ended = Mirror.subscription("sub_1", of: "cus_1", "canceled")
            try await mirror.deliver("evt_3", "customer.subscription.deleted", ended, at: begin + 200)
            for (time, decision, shown) in [
                (begin - 1, "customer_not_found", []), (begin + 50, "no_active_subscription", ["cus_1"]),
                (begin + 150, "allowed", ["cus_1", "sub_1"]), (begin + 250, "no_active_subscription", ["cus_1", "sub_1"]),
            ] {
                let explanation = try await mirror.explanation(of: "alice", at: time)
                #expect(explanation.decision == decision, "\(time)")
                #expect(explanation.objects.map(\.id) == shown)
                #expect(explanation.notes.count == 1)
                #expect(explanation.time == time)
            }
            #expect(try await mirror.explanation(of: "alice", at: begin + 150).objects[1].shown.status == "active")
            #expect(try await mirror.decision(for: "alice") == .noActiveSubscription)

            let unknown = try await mirror.explanation(of: "alice", at: Self.start + 1)
            #expect(unknown.decision == nil)
            #expect(unknown.reason == "The mirror's memory does not go back to that time.")
            #expect(unknown.notes.count == 3)
        }
    }

    @Test func saysWhatTheOperatorDecided() async throws {
        try await Mirror.with { mirror async throws in
            let begin = Date.now.timeIntervalSince1970 + 1000
            try await mirror.customer("cus_1", user: "alice", at: begin)
            try await mirror.deliver("evt_2", "customer.subscription.created", Mirror.subscription("sub_1", of: "cus_1", "active"), at: begin + 1)
            _ = try await UserLinks(store: mirror.store).link(UserID("bob"), to: "cus_1", at: begin + 10)
            let explanation = try await mirror.explanation(of: "alice")
            #expect(explanation.decision == "customer_not_found")
            #expect(explanation.reason == "The user is linked to no customer: the operator has decided otherwise about cus_1.")
            #expect(explanation.links.map(\.standing) == [.overruled])
            #expect(try await mirror.explanation(of: "bob").decision == "allowed")
            #expect(try await mirror.explanation(of: "alice", at: begin + 5).decision == "allowed")
            #expect(try await mirror.explanation(of: "bob", at: begin + 5).decision == "customer_not_found")
        }
    }

    @Test func saysThatTheMirrorIsNotFilled() async throws {
        try await Mirror.with(isFilled: false) { mirror async throws in
            let explanation = try await mirror.explanation(of: "alice")
            #expect(explanation.decision == "mirror_not_ready")
            #expect(!explanation.isFilled)
            #expect(try await mirror.decision(for: "alice") == .mirrorNotReady)
        }
    }
}
