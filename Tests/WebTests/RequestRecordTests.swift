import MirrorStore
import Sandbox
import TestSupport
import Testing

@testable import Web

/// The request's name and the mirror's age: in headers, the log and the journal.
@Suite(.timeLimit(.minutes(10))) struct RequestRecordTests {
    private static let requestID = "Portald-Request-Id"
    private static let mirrorAge = "Portald-Mirror-Age"

    @Test func everyAnswerHasANameOfItsOwn() async throws {
        let requests = [
            RawRequest(), RawRequest(target: "/nowhere"), RawRequest(method: "PUT"), RawRequest(method: "PROPFIND"),
            RawRequest(method: "OPTIONS", target: "/api/subscriptions/user"), RawRequest(method: "HEAD"),
            RawRequest(target: "/api/subscriptions/user"), RawRequest(target: "/api/subscriptions/config"),
            RawRequest(method: "POST", target: "/webhooks/stripe", body: "{}"),
            RawRequest(method: "POST", target: "/webhooks/stripe", headers: [("Content-Length", "\(1 << 21)")]),
        ]
        try await RunningAPI.run { api in
            var names: Set<String> = []
            for (index, request) in requests.enumerated() {
                var request = request
                // A client's own counts for nothing.
                request.headers.append((Self.requestID, "req_000000000000000000000000"))
                let reply = try await api.send(request)
                let name = try #require(reply.header(Self.requestID))
                #expect(name.wholeMatch(of: /req_[A-Za-z0-9]{24}/) != nil)
                #expect(reply.header(Self.mirrorAge) == nil)
                #expect(api.log.requests.count == index + 1)
                #expect(api.log.requests.last?.fields["request"] == name)
                names.insert(name)
            }
            #expect(names.count == requests.count)
            #expect(!names.contains("req_000000000000000000000000"))
            // Nobody was signed in.
            #expect(api.journal.waitingCount == 0)
        }
    }

    @Test func theMirrorsAgeGoesWithWhatItDecided() async throws {
        try await RunningStripe.run { stripe in
            try await stripe.subscription(of: try await stripe.customer(of: "alice"))
            for reply in [
                try await stripe.openPortal(as: "alice"), try await stripe.subscriptions(as: "alice"),
                try await stripe.openPortal(as: "nobody"),
            ] {
                let age = try #require(reply.header(Self.mirrorAge).flatMap(Int.init))
                #expect((0..<600).contains(age), "\(reply.status)")
            }
            stripe.sandbox.inject(APIFault(.status(400)))
            let refused = try await stripe.openPortal(as: "alice")
            #expect(refused.status == 502 && refused.header(Self.mirrorAge) != nil)
            // What the mirror did not decide has none.
            let stranger = try await stripe.api.send("GET", "/api/subscriptions/user")
            #expect(stranger.status == 401 && stranger.header(Self.mirrorAge) == nil)
        }
    }

    @Test func theAgeIsInWholeSecondsAndNeverNegative() {
        for (at, heardAt, age) in [(100.0, 90.2, 9), (100, 100, 0), (100, 101.5, 0)] as [(Double, Double, Int64)] {
            #expect(RequestRecord.Reading(at: at, heardAt: heardAt).age == age)
        }
        #expect(RequestRecord.Reading(at: 100, heardAt: nil).age == nil)
    }

    @Test func theJournalKeepsWhatUsersWereAnswered() async throws {
        try await RunningStripe.run { stripe in
            let customer = try await stripe.customer(of: "alice")
            try await stripe.subscription(of: customer)
            let replies = [
                try await stripe.openPortal(as: "alice"), try await stripe.openPortal(as: "nobody"),
                try await stripe.subscriptions(as: "alice"),
            ]
            let log = AnsweredRequestLog(store: stripe.api.store)
            let names = replies.compactMap { $0.header(Self.requestID) }
            #expect(try await log.request(names[0]) == nil)
            await stripe.api.journal.flushOnce()
            var answers: [AnsweredRequest] = []
            for name in names { answers.append(try #require(try await log.request(name))) }
            #expect(answers.map(\.code) == ["allowed", "customer_not_found", "listed"])
            #expect(answers.map(\.user) == ["alice", "nobody", "alice"])
            #expect(answers.map(\.customer) == [customer, nil, nil])
            #expect(answers.map(\.endpoint).last == "/api/subscriptions/user")
            #expect(answers.allSatisfy { $0.milliseconds >= 0 })
        }
    }
}
