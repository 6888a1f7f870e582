import Foundation
import Logging
import MirrorStore
import Stripe
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct WebhookTests {
    @Test func acknowledgesWhatIsOnDisk() async throws {
        try await RunningAPI.run { api in
            let reply = try await api.deliver(Events.customerCreated(customer: "cus_1", user: "alice"))
            #expect(reply.status == 200)
            #expect(reply.body == #"{"received":true,"outcome":"applied"}"#)
            #expect(reply.header("Content-Type") == "application/json")
            #expect(reply.header("Cache-Control") == "no-store")
            let customers = try await MirrorReader(store: api.store).snapshot(of: UserID("alice")).customers
            #expect(customers.map(\.id) == ["cus_1"])
        }
    }

    @Test(arguments: [
        (Events.broken, "failed"), (Events.ofNoObject, "ignored"),
        (Events.customerCreated().replacing("\"livemode\":false", with: "\"livemode\":true"), "ignored"),
    ])
    func namesWhatBecameOfAnEvent(_ event: String, outcome: String) async throws {
        try await RunningAPI.run { api in
            let reply = try await api.deliver(event)
            #expect(reply.status == 200)
            #expect(try reply.json()["outcome"]?.string == outcome)
        }
    }

    @Test func knowsAnEventAgain() async throws {
        try await RunningAPI.run { api in
            let outcomes = [
                try await api.deliver(Events.customerCreated()), try await api.deliver(Events.customerCreated()),
            ]
            #expect(try outcomes.map { try $0.json()["outcome"]?.string } == ["applied", "duplicate"])
        }
    }

    @Test func acknowledgesManyAtOnce() async throws {
        let count = 100
        try await RunningAPI.run { api in
            try await withThrowingTaskGroup { group in
                for index in 0..<count {
                    group.addTask {
                        let event = Events.customerCreated("evt_\(index)", customer: "cus_\(index)", user: "u\(index)")
                        let reply = try await api.deliver(event)
                        #expect(reply.body == #"{"received":true,"outcome":"applied"}"#)
                    }
                }
                try await group.waitForAll()
            }
            let entries = try EventLog(store: api.store).entries(.init(limit: 1000))
            #expect(Set(entries.map(\.id)) == Set((0..<count).map { "evt_\($0)" }))
        }
    }

    @Test func refusesADeliveryThatIsNotSigned() async throws {
        let body = Events.customerCreated()
        let (name, signature) = try RunningAPI.signature(of: body)
        let timestamp = signature.prefix { $0 != "," }
        let digest = signature.drop { $0 != "," }
        let cases: [(headers: [(name: String, value: String)], code: String)] = [
            ([], "signature_header_missing"),
            ([(name, "")], "signature_header_missing"),
            ([(name, String(digest))], "signature_timestamp_missing"),
            ([(name, "t=1,\(signature)")], "signature_timestamp_ambiguous"),
            ([(name, signature), (name, signature)], "signature_timestamp_ambiguous"),
            ([(name, "t=-1\(digest)")], "signature_timestamp_invalid"),
            ([(name, "\(timestamp),v0=00")], "signature_missing"),
            ([(name, "\(timestamp),v1=00")], "signature_mismatch"),
            ([try RunningAPI.signature(of: body + " ")], "signature_mismatch"),
            ([try RunningAPI.signature(of: body, age: 400)], "signature_outside_tolerance"),
            ([try RunningAPI.signature(of: body, age: -400)], "signature_outside_tolerance"),
        ]
        try await RunningAPI.run { api in
            for (headers, code) in cases {
                let reply = try await api.send("POST", "/webhooks/stripe", headers: headers, body: body)
                #expect(reply.status == 400)
                #expect(try reply.json()["error"]?["code"]?.string == code)
                #expect(try reply.json()["error"]?["message"]?.string?.isEmpty == false)
                #expect(reply.header("Cache-Control") == "no-store")
            }
            #expect(try EventLog(store: api.store).entries(.init(limit: 10)).isEmpty)
        }
    }

    @Test(arguments: ["", "{", "no json", "[]", "{}", #"{"object":"event","id":"evt_1"}"#, "\u{0}"])
    func refusesWhatIsNoEvent(_ body: String) async throws {
        try await RunningAPI.run { api in
            let reply = try await api.deliver(body)
            #expect(reply.status == 400)
            #expect(try reply.code() == "invalid_event")
        }
    }

    @Test func doesNotQuoteABody() async throws {
        try await RunningAPI.run { api in
            let reply = try await api.deliver(#"{"object":"secret@example.com","id":"secret","type":1,"livemode":false}"#)
            #expect(try reply.code() == "invalid_event")
            #expect(!reply.body.contains("secret"))
        }
    }

    @Test func asksForTheEventAgainWhereItCannotBeStored() async throws {
        try await RunningAPI.run { api in
            try api.store.close()
            let reply = try await api.deliver(Events.customerCreated())
            #expect(reply.status == 503)
            #expect(try reply.code() == "store_unavailable")
            #expect(reply.header("Retry-After") == "10")
            #expect(try #require(api.log.requests.first).level == .warning)
        }
    }
}
