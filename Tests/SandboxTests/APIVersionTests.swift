import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(10))) struct APIVersionTests {
    static let versions = [
        "2019-12-03", "2020-08-27", "2024-06-20", "2025-03-31.basil", "2025-06-30.basil", "2025-09-30.clover",
        "2026-03-25.dahlia", "2026-10-28.endive",
    ]

    /// A customer and a subscription with changes of every kind that versions show differently.
    private func live(_ sandbox: Sandbox) throws -> (customer: String, subscription: String) {
        let customer = try sandbox.createCustomer(["name": "A"])["id"]!.string!
        let subscription = try sandbox.createSubscription([
            "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
        ])["id"]!.string!
        try sandbox.updateCustomer(customer, ["name": "B", "metadata": ["k": "v"]])
        let item = sandbox.subscription(subscription)!.at("items.data.0.id")!.string!
        try sandbox.updateSubscription(
            subscription,
            ["items": [["id": .text(item), "price": .text(SandboxPrices.team), "quantity": 2]]]
        )
        try sandbox.updateSubscription(subscription, ["cancel_at_period_end": true])
        try sandbox.updateSubscription(subscription, ["cancel_at_period_end": false])
        sandbox.advanceClock(by: 32 * 86_400)
        return (customer, subscription)
    }

    @Test(arguments: versions)
    func endpointsGetTheirVersion(version: String) async throws {
        try await withReceiver { receiver, url in
            try await withSandbox({
                $0.endpoints = [WebhookEndpoint(url: url, secrets: ["whsec_test"], apiVersion: version)]
            }) { sandbox, api in
                let ids = try live(sandbox)
                await sandbox.deliveriesSettled()
                #expect(receiver.received.allSatisfy { $0.event["api_version"] == .string(version) })
                #expect(sandbox.events().allSatisfy { $0["api_version"] == "2026-03-25.dahlia" })
                // The last event shows what GET shows under that version.
                for path in ["customers/\(ids.customer)", "subscriptions/\(ids.subscription)"] {
                    let reply = try await api.get("/v1/\(path)", headers: ["Stripe-Version": version])
                    let last = receiver.received.last { $0.event.at("data.object.id") == reply.body["id"] }
                    var shown = try #require(last?.event.at("data.object")?.object)
                    var body = reply.body
                    // Another object's state, which changes without an event of the customer.
                    shown["subscriptions"] = nil
                    body["subscriptions"] = nil
                    #expect(shown == body)
                }
                let renewal = try #require(receiver.received.last?.event)
                let previous = try #require(renewal.at("data.previous_attributes")?.object)
                let hasPeriodOnItems = version >= "2025-03-31"
                #expect((previous["current_period_end"] == nil) == hasPeriodOnItems)
                #expect((previous["items"] != nil) == hasPeriodOnItems)
                #expect((renewal.at("data.object.current_period_end") == nil) == hasPeriodOnItems)
            }
        }
    }

    @Test func fieldsComeAndGoWithVersions() async throws {
        try await withSandbox { sandbox, api in
            let ids = try live(sandbox)
            for version in Self.versions {
                let headers = ["Stripe-Version": version]
                let customer = try await api.get("/v1/customers/\(ids.customer)", headers: headers).body
                let subscription = try await api.get("/v1/subscriptions/\(ids.subscription)", headers: headers).body
                func has(_ path: String, since first: String? = nil, until end: String? = nil) {
                    let object = path.hasPrefix("customer.") ? customer : subscription
                    let isExpected = first.map { version >= $0 } ?? true && end.map { version < $0 } ?? true
                    let name = String(path.drop { $0 != "." }.dropFirst())
                    #expect((object.at(name) != nil) == isExpected, "\(path) under \(version)")
                }
                for list in ["sources", "subscriptions", "tax_ids"] { has("customer.\(list)", until: "2020-08-27") }
                has("customer.customer_account", since: "2026-03-25")
                has("subscription.customer_account", since: "2026-03-25")
                has("subscription.tax_percent", until: "2020-08-27")
                has("subscription.discount", until: "2025-03-31")
                has("subscription.current_period_start", until: "2025-03-31")
                has("subscription.items.data.0.current_period_start", since: "2025-03-31")
                has("subscription.items.data.0.plan.aggregate_usage", until: "2025-03-31")
                has("subscription.items.data.0.price.recurring.aggregate_usage", until: "2025-03-31")
                has("subscription.billing_mode", since: "2025-06-30")
                has("subscription.billing_mode.flexible", since: "2025-09-30")
                has("subscription.status_details", since: "2026-09-30")
                has("subscription.items.data.0.current_trial", since: "2026-09-30")
            }
            let old = try await api.get("/v1/customers/\(ids.customer)", headers: ["Stripe-Version": "2019-12-03"])
            #expect(old.body.at("subscriptions.data.0.id") == .string(ids.subscription))
            #expect(old.body.at("subscriptions.total_count") == 1)
        }
    }

    @Test func listsAndExpansionsFollowTheHeader() async throws {
        try await withSandbox { sandbox, api in
            let ids = try live(sandbox)
            let headers = ["Stripe-Version": "2019-12-03"]
            let customers = try await api.get("/v1/customers", headers: headers)
            #expect(customers.data.first?["sources"] != nil)
            let subscriptions = try await api.get("/v1/subscriptions", headers: headers)
            #expect(subscriptions.data.first?["current_period_end"] != nil)
            let expanded = try await api.get(
                "/v1/subscriptions/\(ids.subscription)?expand[]=customer",
                headers: headers
            )
            #expect(expanded.body.at("customer.sources") != nil)
        }
    }

    @Test func whatIsNoVersionIsRefused() async throws {
        try await withSandbox { sandbox, api in
            let reply = try await api.get("/v1/customers", headers: ["Stripe-Version": "latest"])
            #expect(reply.status == 400)
            #expect(reply.error["type"] == "invalid_request_error")
            #expect(throws: SandboxError.invalidAPIVersion("basil")) {
                try sandbox.addEndpoint(
                    WebhookEndpoint(url: "http://127.0.0.1/", secrets: ["whsec_test"], apiVersion: "basil")
                )
            }
        }
    }
}
