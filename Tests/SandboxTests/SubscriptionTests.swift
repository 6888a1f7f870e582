import Testing

@testable import Sandbox

@Suite struct SubscriptionTests {
    /// The members of a subscription with one item, recorded from Stripe at 2026-03-25.dahlia.
    static let members: Set<String> = [
        "id", "object", "application", "application_fee_percent", "automatic_tax", "billing_cycle_anchor",
        "billing_cycle_anchor_config", "billing_mode", "billing_thresholds", "cancel_at", "cancel_at_period_end",
        "canceled_at", "cancellation_details", "collection_method", "created", "currency", "customer",
        "customer_account", "days_until_due", "default_payment_method", "default_source", "default_tax_rates",
        "description", "discounts", "ended_at", "invoice_settings", "items", "latest_invoice", "livemode",
        "metadata", "next_pending_invoice_item_invoice", "on_behalf_of", "pause_collection", "payment_settings",
        "pending_invoice_item_interval", "pending_setup_intent", "pending_update", "plan", "quantity", "schedule",
        "start_date", "status", "test_clock", "transfer_data", "trial_end", "trial_settings", "trial_start",
    ]

    static let itemMembers: Set<String> = [
        "id", "object", "billing_thresholds", "created", "current_period_end", "current_period_start", "discounts",
        "metadata", "plan", "price", "quantity", "subscription", "tax_rates",
    ]

    /// 2026-01-31T12:00:00Z: the period must end on the last day of February.
    static let endOfJanuary = 1_769_860_800

    private func subscribe(_ sandbox: Sandbox, _ more: StripeParameters = [:]) throws -> JSONObject {
        let customer = try sandbox.createCustomer()["id"]!.string!
        var parameters: StripeParameters = [
            "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic), "quantity": 2]],
        ]
        for entry in more.entries { parameters[entry.name] = entry.value }
        return try sandbox.createSubscription(parameters)
    }

    @Test func createsWithStripesMembersAndThePeriodOnItems() async throws {
        try await withSandbox({ $0.now = { Self.endOfJanuary } }) { sandbox, api in
            let customer = try sandbox.createCustomer()["id"]!.string!
            let reply = try await api.post(
                "/v1/subscriptions",
                [
                    "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic), "quantity": 2]],
                    "metadata": ["user_id": "7"],
                ]
            )
            #expect(reply.status == 200)
            #expect(Set(reply.body.members.map(\.name)) == Self.members)
            let item = try #require(reply.body.at("items.data.0")?.object)
            #expect(Set(item.members.map(\.name)) == Self.itemMembers)
            #expect(reply.body["status"] == "active")
            #expect(item["quantity"] == 2)
            #expect(item["current_period_start"] == .integer(Self.endOfJanuary))
            #expect(item["current_period_end"] == .integer(Self.endOfJanuary + 28 * 86_400))
            #expect(reply.body.at("items.has_more") == false)
            #expect(reply.body["id"]?.string?.wholeMatch(of: /sub_1[0-9A-Za-z]{23}/) != nil)
            #expect(item["id"]?.string?.wholeMatch(of: /si_[0-9A-Za-z]{14}/) != nil)
            #expect(sandbox.customer(customer)?["currency"] == "usd")
            let types = sandbox.events().map { $0["type"]! }
            #expect(types == ["customer.created", "customer.updated", "customer.subscription.created"])
        }
    }

    @Test func beforeBasilThePeriodIsAtTheTopLevel() async throws {
        try await withSandbox({ $0.apiVersion = "2024-06-20" }) { sandbox, api in
            let subscription = try subscribe(sandbox)
            #expect(subscription["current_period_end"]?.integer != nil)
            #expect(subscription.at("items.data.0.current_period_end") == nil)
            let id = subscription["id"]!.string!
            let newer = try await api.get(
                "/v1/subscriptions/\(id)",
                headers: ["Stripe-Version": "2026-03-25.dahlia"]
            )
            #expect(newer.body["current_period_end"] == nil)
            #expect(newer.body.at("items.data.0.current_period_end") == subscription["current_period_end"])
        }
    }

    @Test func cancelAtPeriodEndAndResume() async throws {
        try await withSandbox { sandbox, api in
            let subscription = try subscribe(sandbox)
            let path = "/v1/subscriptions/\(subscription["id"]!.string!)"
            sandbox.advanceClock(by: 5)
            let canceled = try await api.post(path, ["cancel_at_period_end": true])
            let periodEnd = subscription.at("items.data.0.current_period_end")
            #expect(canceled.body["status"] == "active")
            #expect(canceled.body["cancel_at_period_end"] == true)
            #expect(canceled.body["cancel_at"] == periodEnd)
            #expect(canceled.body["canceled_at"] == .integer(startOfTests + 5))
            #expect(canceled.body.at("cancellation_details.reason") == "cancellation_requested")
            #expect(
                sandbox.events().last?.at("data.previous_attributes")?.object?.sorted == [
                    "cancel_at": nil, "cancel_at_period_end": false, "canceled_at": nil,
                    "cancellation_details": ["reason": nil],
                ]
            )
            let resumed = try await api.post(path, ["cancel_at_period_end": false])
            #expect(resumed.body == subscription.sorted)
            #expect(sandbox.events().last?.at("data.previous_attributes.cancel_at") == periodEnd)
        }
    }

    @Test func aScheduledEndComesWithTheClock() async throws {
        try await withSandbox { sandbox, _ in
            let id = try subscribe(sandbox, ["cancel_at_period_end": true])["id"]!.string!
            sandbox.advanceClock(by: 32 * 86_400)
            let event = try #require(sandbox.events().last)
            #expect(event["type"] == "customer.subscription.deleted")
            #expect(event.at("request.id") == .null)
            #expect(sandbox.subscription(id)?["status"] == "canceled")
        }
    }

    @Test func renewalsMoveThePeriod() async throws {
        try await withSandbox { sandbox, _ in
            let subscription = try subscribe(sandbox)
            sandbox.advanceClock(by: 32 * 86_400)
            let event = try #require(sandbox.events().last)
            #expect(event["type"] == "customer.subscription.updated")
            #expect(event.at("request.id") == .null)
            let before = event.at("data.previous_attributes.items.data.0.current_period_end")
            #expect(before == subscription.at("items.data.0.current_period_end"))
            #expect(event.at("data.object.items.data.0.current_period_start") == before)
        }
    }

    @Test func cancelsAtOnce() async throws {
        try await withSandbox { sandbox, api in
            let path = "/v1/subscriptions/\(try subscribe(sandbox)["id"]!.string!)"
            let reply = try await api.delete(path, ["cancellation_details": ["comment": "too dear"]])
            #expect(reply.status == 200)
            #expect(reply.body["status"] == "canceled")
            #expect(reply.body["ended_at"] == .integer(startOfTests))
            #expect(reply.body.at("cancellation_details.comment") == "too dear")
            #expect(sandbox.events().last?["type"] == "customer.subscription.deleted")
            #expect(sandbox.events().last?.at("data.previous_attributes") == nil)
            #expect(try await api.delete(path).status == 404)
            #expect(try await api.get(path).body["status"] == "canceled")
            #expect(try await api.post(path, ["cancel_at_period_end": true]).status == 400)
            #expect(try await api.post(path, ["metadata": ["k": "v"]]).body.at("metadata.k") == "v")
        }
    }

    @Test func trialsBeginAndEnd() async throws {
        try await withSandbox { sandbox, api in
            let trial = try subscribe(sandbox, ["trial_period_days": 14])
            let path = "/v1/subscriptions/\(trial["id"]!.string!)"
            let end = JSONValue.integer(startOfTests + 14 * 86_400)
            #expect(trial["status"] == "trialing")
            #expect(trial["trial_end"] == end)
            #expect(trial["billing_cycle_anchor"] == end)
            #expect(trial.at("items.data.0.current_period_end") == end)
            sandbox.advanceClock(by: 12 * 86_400)
            #expect(sandbox.events().last?["type"] == "customer.subscription.trial_will_end")
            let paid = try await api.post(path, ["trial_end": "now"])
            #expect(paid.body["status"] == "active")
            #expect(paid.body["trial_end"] == .integer(startOfTests + 12 * 86_400))
            #expect(paid.body.at("items.data.0.current_period_start") == paid.body["trial_end"])
        }
    }

    @Test func aTrialEndsByItself() async throws {
        try await withSandbox { sandbox, _ in
            let id = try subscribe(sandbox, ["trial_period_days": 14])["id"]!.string!
            sandbox.advanceClock(by: 15 * 86_400)
            #expect(sandbox.subscription(id)?["status"] == "active")
            #expect(sandbox.events().last?.at("data.previous_attributes.status") == "trialing")
        }
    }

    @Test func pausesAndResumesCollection() async throws {
        try await withSandbox { sandbox, api in
            let path = "/v1/subscriptions/\(try subscribe(sandbox)["id"]!.string!)"
            let paused = try await api.post(
                path,
                ["pause_collection": ["behavior": "void", "resumes_at": 1_800_000_000]]
            )
            #expect(paused.body["status"] == "active")
            #expect(paused.body["pause_collection"] == ["behavior": "void", "resumes_at": 1_800_000_000])
            #expect(sandbox.events().last?.at("data.previous_attributes") == ["pause_collection": nil])
            let resumed = try await api.post(path, ["pause_collection": ""])
            #expect(resumed.body["pause_collection"] == .null)
            #expect(
                sandbox.events().last?.at("data.previous_attributes.pause_collection")
                    == ["behavior": "void", "resumes_at": 1_800_000_000]
            )
        }
    }

    @Test func swapsPriceAndQuantity() async throws {
        try await withSandbox { sandbox, api in
            let subscription = try subscribe(sandbox)
            let item = subscription.at("items.data.0.id")!.string!
            let reply = try await api.post(
                "/v1/subscriptions/\(subscription["id"]!.string!)",
                ["items": [["id": .text(item), "price": .text(SandboxPrices.team), "quantity": 5]]]
            )
            #expect(reply.body.at("items.data.0.price.id") == .string(SandboxPrices.team))
            #expect(reply.body["quantity"] == 5)
            let previous = try #require(sandbox.events().last?.at("data.previous_attributes")?.object)
            #expect(previous.at("items.data.0") == subscription.at("items.data.0"))
            #expect(previous.at("plan.id") == .string(SandboxPrices.basic))
            #expect(previous["quantity"] == 2)
        }
    }

    @Test func inlineItemsAreCutAtTen() async throws {
        try await withSandbox { sandbox, api in
            let items = (0..<13).map { _ in FormValue.nested(["price": .text(SandboxPrices.basic)]) }
            let subscription = try subscribe(sandbox, ["items": FormValue(list: items)])
            #expect(subscription.at("items.data")?.array?.count == 10)
            #expect(subscription.at("items.has_more") == true)
            #expect(subscription.at("items.total_count") == 13)
            #expect(subscription["plan"] == nil)
            let id = subscription["id"]!.string!
            let first = try await api.get("/v1/subscription_items?subscription=\(id)&limit=12")
            #expect(first.ids.count == 12)
            #expect(first.body["has_more"] == true)
            let rest = try await api.get("/v1/subscription_items?subscription=\(id)&starting_after=\(first.ids[11])")
            #expect(rest.ids.count == 1)
            #expect(rest.body["has_more"] == false)
            #expect(Set(first.ids + rest.ids).count == 13)
        }
    }

    @Test func listsByStatusCustomerAndPrice() async throws {
        try await withSandbox { sandbox, api in
            let active = try subscribe(sandbox)
            let canceled = try subscribe(sandbox)["id"]!.string!
            let trial = try subscribe(sandbox, ["trial_period_days": 3])["id"]!.string!
            try sandbox.cancelSubscription(canceled)
            let id = active["id"]!.string!
            #expect(try await api.get("/v1/subscriptions").ids == [trial, id])
            #expect(try await api.get("/v1/subscriptions?status=all").ids == [trial, canceled, id])
            #expect(try await api.get("/v1/subscriptions?status=ended").ids == [canceled])
            #expect(try await api.get("/v1/subscriptions?status=trialing").ids == [trial])
            #expect(try await api.get("/v1/subscriptions?customer=\(active["customer"]!.string!)").ids == [id])
            #expect(try await api.get("/v1/subscriptions?price=\(SandboxPrices.team)").ids.isEmpty)
            #expect(try await api.get("/v1/subscriptions?status=all&limit=1&starting_after=\(trial)").ids == [canceled])
            #expect(try await api.get("/v1/subscriptions?status=odd").error["param"] == "status")
        }
    }

    @Test func expandsTheCustomer() async throws {
        try await withSandbox { sandbox, api in
            let subscription = try subscribe(sandbox)
            let id = subscription["id"]!.string!
            let one = try await api.get("/v1/subscriptions/\(id)?expand[]=customer&expand[]=schedule")
            #expect(one.body.at("customer.id") == subscription["customer"])
            let list = try await api.get("/v1/subscriptions?expand[]=data.customer")
            #expect(list.data.first?.at("customer.object") == "customer")
            let bad = try await api.get("/v1/subscriptions/\(id)?expand[]=nonsense")
            #expect(bad.status == 400)
            let count = sandbox.events().count
            let refused = try await api.post("/v1/subscriptions/\(id)", ["description": "d", "expand": ["nonsense"]])
            #expect(refused.error["param"] == "expand")
            #expect(sandbox.subscription(id) == subscription)
            #expect(sandbox.events().count == count)
        }
    }

    @Test func statusesThatStripeReachesOnItsOwn() async throws {
        try await withSandbox { sandbox, _ in
            let id = try subscribe(sandbox)["id"]!.string!
            try sandbox.setSubscriptionStatus(id, to: .pastDue)
            #expect(sandbox.subscription(id)?["status"] == "past_due")
            #expect(sandbox.events().last?.at("data.previous_attributes") == ["status": "active"])
            #expect(sandbox.events().last?.at("request.id") == .null)
        }
    }
}
