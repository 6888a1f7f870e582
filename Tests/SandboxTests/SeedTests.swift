import Testing

@testable import Sandbox

@Suite struct SeedTests {
    @Test func seedsAPastWithoutEvents() async throws {
        try await withSandbox { sandbox, api in
            #expect(try await api.post("/_sandbox/seed", ["customers": 100, "subscriptions": 120]).status == 200)
            #expect(sandbox.events().isEmpty)
            let customers = try await api.get("/v1/customers?limit=100")
            #expect(customers.ids.count == 100)
            #expect(customers.body["has_more"] == false)
            let users = Set(customers.data.compactMap { $0.at("metadata.user_id")?.string })
            #expect(users == Set((1...100).map { "user_\($0)" }))
            let created = customers.data.compactMap { $0["created"]?.integer }
            #expect(created == created.sorted(by: >))
            #expect(created.allSatisfy { $0 < startOfTests - 30 * 86_400 })

            let first = try await api.get("/v1/subscriptions?limit=100&status=all")
            let rest = try await api.get("/v1/subscriptions?limit=100&status=all&starting_after=\(first.ids.last!)")
            let subscriptions = first.data + rest.data
            #expect(Set(subscriptions.map { $0["id"]! }).count == 120)
            #expect(Set(subscriptions.map { $0["status"]! }) == ["active", "canceled", "trialing"])
            #expect(Set(subscriptions.map { $0["customer"]! }) == Set(customers.ids.map(JSONValue.string)))
            let large = subscriptions.filter { $0.at("items.has_more") == true }
            #expect(large.count == 1)
            #expect(large.first?.at("items.total_count") == 15)
            for subscription in subscriptions where subscription["status"] != "canceled" {
                #expect(subscription.at("items.data.0.current_period_end")!.integer! > startOfTests)
            }
        }
    }

    /// What is due at once would be an event about a past that has none.
    @Test func nothingIsDueAtOnce() async throws {
        try await withSandbox { sandbox, _ in
            try sandbox.seed(customers: 300, subscriptions: 300)
            sandbox.advanceClock(by: 1)
            #expect(sandbox.events().isEmpty)
            sandbox.advanceClock(by: 32 * 86_400)
            #expect(!sandbox.events().isEmpty)
        }
    }

    @Test func seedsAmongObjectsThatAreThere() async throws {
        try await withSandbox { sandbox, api in
            let present = try sandbox.createCustomer()["id"]!.string!
            let subscription = try sandbox.createSubscription([
                "customer": .text(present), "items": [["price": .text(SandboxPrices.basic)]],
            ])["id"]!.string!
            try sandbox.seed(customers: 3, subscriptions: 3, userIDs: false)
            try sandbox.seed(customers: 2, subscriptions: 0)
            let list = try await api.get("/v1/customers")
            #expect(list.ids.count == 6)
            #expect(list.ids.first == present)
            #expect(list.data.compactMap { $0.at("metadata.user_id") } == ["user_6", "user_5"])
            #expect(try await api.get("/v1/subscriptions?customer=\(present)").ids == [subscription])
            try sandbox.createCustomer()
            let oldest = try #require(list.ids.last)
            let its = try await api.get("/v1/subscriptions?status=all&customer=\(oldest)").data
            #expect(its.map { $0["customer"] } == (its.isEmpty ? [] : [.string(oldest)]))
        }
    }

    @Test func impossibleSeedsAreRefused() async throws {
        try await withSandbox { sandbox, api in
            let refused = try await api.post("/_sandbox/seed", ["subscriptions": 1])
            #expect(refused.status == 400)
            for (customers, subscriptions) in [(-1, 0), (0, 1), (1_000_001, 0), (1, 1_000_001)] {
                #expect(throws: SandboxError.invalidSeed) {
                    try sandbox.seed(customers: customers, subscriptions: subscriptions)
                }
            }
        }
    }

    @Test func aHundredThousandAreListedPageByPage() async throws {
        try await withSandbox { sandbox, api in
            try sandbox.seed(customers: 100_000, subscriptions: 0)
            var cursor = ""
            for page in 0..<5 {
                let text = try await api.get("/v1/customers?limit=100\(cursor)", parsing: false).text
                let ids = text.matches(of: /"id": "(cus_\w+)"/).map { String($0.1) }
                #expect(ids.count == 100)
                #expect(text.contains("\"user_\(100_000 - page * 100)\""))
                cursor = "&starting_after=\(ids.last!)"
            }
        }
    }
}
