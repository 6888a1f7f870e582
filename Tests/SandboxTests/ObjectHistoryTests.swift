import Testing

@testable import Sandbox

@Suite struct ObjectHistoryTests {
    @Test func everyStateOfACustomerIsKept() async throws {
        try await withSandbox { sandbox, api in
            var states = [try sandbox.createCustomer(["name": "A"])]
            let id = states[0]["id"]!.string!
            sandbox.inject(EventFault(.lose, type: "customer.updated", frequency: .next(1)))
            for name in ["B", "B", "A"] { states.append(try sandbox.updateCustomer(id, ["name": .text(name)])) }
            try sandbox.deleteCustomer(id)
            let versions = try await api.get("/_sandbox/objects/\(id)/versions").body["versions"]!.array!
            let objects = versions.compactMap { $0.object?["object"]?.object }
            #expect(objects == [states[0], states[1], states[3], states[3]].map(\.sorted))
            #expect(versions.map { $0.object?["deleted"] } == [false, false, false, true])
        }
    }

    @Test func aSubscriptionsEndIsAState() async throws {
        try await withSandbox { sandbox, api in
            let customer = try sandbox.createCustomer()["id"]!.string!
            let id = try sandbox.createSubscription([
                "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
            ])["id"]!.string!
            try sandbox.updateSubscription(id, ["cancel_at_period_end": true])
            _ = try await api.delete("/v1/subscriptions/\(id)", ["cancellation_details": ["comment": "c"]])
            let versions = try sandbox.versions(of: id)
            #expect(versions.map { $0.object["status"] } == ["active", "active", "canceled"])
            #expect(versions.map { $0.object["cancel_at_period_end"] } == [false, true, true])
            #expect(versions.map { $0.object.at("cancellation_details.comment") } == [.null, .null, "c"])
            #expect(versions.last?.object == sandbox.subscription(id))
            let old = try await api.get("/_sandbox/objects/\(id)/versions?api_version=2024-06-20")
            #expect(old.body.at("versions.0.object.current_period_end")?.integer != nil)
            #expect(try await api.get("/_sandbox/objects/sub_none/versions").status == 404)
        }
    }

    @Test func aSeededObjectBeginsWithItsOwnState() async throws {
        try await withSandbox { sandbox, api in
            try sandbox.seed(customers: 1, subscriptions: 0)
            let seeded = try #require(try await api.get("/v1/customers").data.first)
            let id = seeded["id"]!.string!
            #expect(try sandbox.versions(of: id).map(\.object.sorted) == [seeded])
            let changed = try sandbox.updateCustomer(id, ["name": "New"])
            #expect(try sandbox.versions(of: id).map(\.object.sorted) == [seeded, changed.sorted])
        }
    }
}
