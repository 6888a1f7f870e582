import Testing

@testable import Sandbox

@Suite struct CustomerTests {
    /// The members of a customer recorded from Stripe at 2026-03-25.dahlia without expansions.
    static let members: Set<String> = [
        "id", "object", "address", "balance", "created", "currency", "customer_account", "default_source",
        "delinquent", "description", "discount", "email", "invoice_prefix", "invoice_settings", "livemode",
        "metadata", "name", "next_invoice_sequence", "phone", "preferred_locales", "shipping", "tax_exempt",
        "test_clock",
    ]

    @Test func createsWithStripesMembers() async throws {
        try await withSandbox { _, api in
            let reply = try await api.post(
                "/v1/customers",
                ["email": "ä+b@example.org", "name": "A & B", "metadata": ["user_id": "7", "plan[x]": "=&"]]
            )
            #expect(reply.status == 200)
            #expect(Set(reply.body.members.map(\.name)) == Self.members)
            #expect(reply.body["email"] == "ä+b@example.org")
            #expect(reply.body["name"] == "A & B")
            #expect(reply.body.at("metadata.user_id") == "7")
            #expect(reply.body["created"] == .integer(startOfTests))
            #expect(reply.body["livemode"] == false)
            let id = try #require(reply.body["id"]?.string)
            #expect(id.wholeMatch(of: /cus_[0-9A-Za-z]{14}/) != nil)
            #expect(try await api.get("/v1/customers/\(id)").body == reply.body)
        }
    }

    @Test func updatesMergeMetadata() async throws {
        try await withSandbox { sandbox, api in
            let id = try sandbox.createCustomer(["metadata": ["a": "1", "b": "2"], "name": "N"])["id"]!.string!
            let reply = try await api.post("/v1/customers/\(id)", ["metadata": ["a": "", "c": "3"], "name": ""])
            #expect(reply.body["metadata"] == ["b": "2", "c": "3"])
            #expect(reply.body["name"] == .null)
            let event = try #require(sandbox.events().last)
            #expect(event["type"] == "customer.updated")
            #expect(
                event.at("data.previous_attributes")?.object?.sorted == [
                    "metadata": ["a": "1", "c": nil], "name": "N",
                ]
            )
            let cleared = try await api.post("/v1/customers/\(id)", ["metadata": ""])
            #expect(cleared.body["metadata"] == [:])
        }
    }

    @Test func anUpdateThatChangesNothingMakesNoEvent() async throws {
        try await withSandbox { sandbox, api in
            let id = try sandbox.createCustomer(["name": "N"])["id"]!.string!
            #expect(try await api.post("/v1/customers/\(id)", ["name": "N"]).status == 200)
            #expect(sandbox.events().map { $0["type"]! } == ["customer.created"])
        }
    }

    @Test func deletionEndsSubscriptionsAndLeavesAStub() async throws {
        try await withSandbox { sandbox, api in
            let id = try sandbox.createCustomer()["id"]!.string!
            let subscription = try sandbox.createSubscription([
                "customer": .text(id), "items": [["price": .text(SandboxPrices.basic)]],
            ])["id"]!.string!
            let reply = try await api.delete("/v1/customers/\(id)")
            let stub: JSONObject = ["deleted": true, "id": .string(id), "object": "customer"]
            #expect(reply.body == stub)
            let again = try await api.get("/v1/customers/\(id)")
            #expect(again.status == 200)
            #expect(again.body == stub)
            #expect(
                sandbox.events().suffix(2).map { $0["type"]! } == ["customer.subscription.deleted", "customer.deleted"]
            )
            #expect(sandbox.events().last?.at("data.object.deleted") == nil)
            #expect(sandbox.subscription(subscription)?["status"] == "canceled")
            #expect(try await api.get("/v1/customers").ids.isEmpty)
            #expect(try await api.delete("/v1/customers/\(id)").status == 404)
            #expect(try await api.post("/v1/customers/\(id)", ["name": "x"]).status == 404)
        }
    }

    @Test func listsByPagesInBothDirections() async throws {
        try await withSandbox { sandbox, api in
            var ids: [String] = []
            for index in 0..<7 {
                ids.append(try sandbox.createCustomer(["email": "u\(index % 2)@example.org"])["id"]!.string!)
                sandbox.advanceClock(by: 10)
            }
            let newest = Array(ids.reversed())
            let first = try await api.get("/v1/customers?limit=3")
            #expect(first.ids == Array(newest[0..<3]))
            #expect(first.body["has_more"] == true)
            #expect(first.body["url"] == "/v1/customers")
            let second = try await api.get("/v1/customers?limit=4&starting_after=\(newest[2])")
            #expect(second.ids == Array(newest[3..<7]))
            #expect(second.body["has_more"] == false)
            let back = try await api.get("/v1/customers?limit=2&ending_before=\(newest[5])")
            #expect(back.ids == Array(newest[3..<5]))
            #expect(back.body["has_more"] == true)
            let start = startOfTests
            let range = try await api.get("/v1/customers?created[gt]=\(start + 10)&created[lte]=\(start + 40)")
            #expect(range.ids == [ids[4], ids[3], ids[2]])
            let other = try await api.get("/v1/customers?created[gte]=\(start + 10)&created[lt]=\(start + 30)")
            #expect(other.ids == [ids[2], ids[1]])
            #expect(try await api.get("/v1/customers?created=\(start + 20)").ids == [ids[2]])
            #expect(try await api.get("/v1/customers?email=u1%40example.org").ids == [ids[5], ids[3], ids[1]])
        }
    }

    @Test func tenThousandAreWalkedPageByPage() async throws {
        try await withSandbox { sandbox, api in
            var created: Set<String> = []
            for _ in 0..<10_000 { created.insert(try sandbox.createCustomer()["id"]!.string!) }
            var seen: [String] = []
            var cursor = ""
            while true {
                let page = try await api.get("/v1/customers?limit=100\(cursor)", parsing: false).text
                let ids = page.matches(of: /"id": "(cus_\w+)"/).map { String($0.1) }
                seen += ids
                guard page.contains(#""has_more": true"#), let last = ids.last else { break }
                cursor = "&starting_after=\(last)"
            }
            #expect(seen.count == 10_000)
            #expect(Set(seen) == created)
            #expect(sandbox.apiCalls == ["GET /v1/customers": 100])
        }
    }
}
