import NIOConcurrencyHelpers
import Testing

@testable import Sandbox

@Suite struct EventTests {
    @Test func theEnvelopeIsStripes() async throws {
        try await withSandbox { sandbox, api in
            let reply = try await api.post("/v1/customers", ["name": "N"], headers: ["Idempotency-Key": "key-1"])
            let event = try #require(sandbox.events().first)
            let names = event.members.map(\.name)
            #expect(
                names == [
                    "id", "object", "api_version", "created", "data", "livemode", "pending_webhooks", "request", "type",
                ]
            )
            #expect(event["api_version"] == "2026-03-25.dahlia")
            #expect(event.at("request.id")?.string == reply.header("Request-Id"))
            #expect(event.at("request.idempotency_key") == "key-1")
            #expect(event.at("data.object")?.object?.sorted == reply.body)
            #expect(event.at("data.previous_attributes") == nil)
            let id = try #require(event["id"]?.string)
            #expect(id.wholeMatch(of: /evt_1[0-9A-Za-z]{23}/) != nil)
            #expect(try await api.get("/v1/events/\(id)").body == event.sorted)
        }
    }

    @Test func listsFilterByTypeTimeAndCursor() async throws {
        try await withSandbox { sandbox, api in
            let customer = try sandbox.createCustomer()["id"]!.string!
            sandbox.advanceClock(by: 1)
            try sandbox.createSubscription([
                "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
            ])
            sandbox.advanceClock(by: 1)
            try sandbox.deleteCustomer(customer)
            let newest = sandbox.events().reversed().map { $0["id"]!.string! }
            func types(_ query: String) async throws -> [String] {
                try await api.get("/v1/events?\(query)").data.compactMap { $0["type"]?.string }
            }
            #expect(try await api.get("/v1/events").ids == newest)
            #expect(
                try await types("type=customer.subscription.*")
                    == ["customer.subscription.deleted", "customer.subscription.created"]
            )
            #expect(try await types("type=*.created").count == 2)
            #expect(
                try await types("types[]=customer.created&types[]=customer.deleted")
                    == ["customer.deleted", "customer.created"]
            )
            let many = (0..<21).map { "types[]=t\($0)" }.joined(separator: "&")
            #expect(try await api.get("/v1/events?\(many)").error["param"] == "types")
            #expect(try await types("created[gte]=\(startOfTests + 2)").count == 2)
            let before = try await api.get("/v1/events?ending_before=\(newest[4])&limit=2")
            #expect(before.ids == [newest[2], newest[3]])
            #expect(before.body["has_more"] == true)
        }
    }

    @Test func eventsAreKeptForThirtyDays() async throws {
        try await withSandbox { sandbox, api in
            try sandbox.createCustomer()
            let old = sandbox.events()[0]["id"]!.string!
            sandbox.advanceClock(by: 30 * 86_400 + 1)
            try sandbox.createCustomer()
            #expect(try await api.get("/v1/events").ids == [sandbox.events()[1]["id"]!.string!])
            #expect(try await api.get("/v1/events/\(old)").status == 404)
            let cursor = try await api.get("/v1/events?ending_before=\(old)")
            #expect(cursor.status == 400)
            #expect(cursor.error["param"] == "ending_before")
        }
    }

    @Test func aFrozenClockPutsManyEventsIntoOneSecond() async throws {
        let seconds = NIOLockedValueBox(startOfTests)
        let ticking: @Sendable () -> Int = {
            seconds.withLockedValue { seconds in
                seconds += 1
                return seconds
            }
        }
        try await withSandbox({ $0.now = ticking }) { sandbox, _ in
            sandbox.setClockFrozen(true)
            for _ in 0..<20 { try sandbox.createCustomer() }
            #expect(Set(sandbox.events().map { $0["created"]! }).count == 1)
            sandbox.setClockFrozen(false)
            for _ in 0..<20 { try sandbox.createCustomer() }
            #expect(Set(sandbox.events().map { $0["created"]! }).count == 21)
        }
    }

    @Test func timeNeverFalls() async throws {
        let seconds = NIOLockedValueBox(startOfTests)
        try await withSandbox({ $0.now = { seconds.withLockedValue { $0 } } }) { sandbox, _ in
            try sandbox.createCustomer()
            seconds.withLockedValue { $0 -= 100 }
            try sandbox.createCustomer()
            #expect(sandbox.events().map { $0["created"]! } == [.integer(startOfTests), .integer(startOfTests)])
        }
    }

    @Test func twinsTellOfOneChange() async throws {
        try await withSandbox { sandbox, _ in
            sandbox.inject(EventFault(.twin, type: "customer.updated"))
            let id = try sandbox.createCustomer()["id"]!.string!
            try sandbox.updateCustomer(id, ["name": "A"])
            try sandbox.updateCustomer(id, ["name": "B"])
            let updates = sandbox.events().filter { $0["type"] == "customer.updated" }
            #expect(updates.count == 3)
            #expect(updates[0]["data"] == updates[1]["data"])
            #expect(updates[0]["request"] == updates[1]["request"])
            #expect(updates[0]["id"] != updates[1]["id"])
        }
    }
}
