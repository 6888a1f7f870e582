import Testing

@testable import Sandbox

@Suite struct PortalTests {
    private func open(
        _ sandbox: Sandbox,
        _ api: StripeAPI,
        _ more: StripeParameters = [:]
    ) async throws -> (customer: String, subscription: String, session: JSONObject) {
        let customer = try sandbox.createCustomer(["email": "<b>@example.org"])["id"]!.string!
        let subscription = try sandbox.createSubscription([
            "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
        ])["id"]!.string!
        var form: StripeParameters = ["customer": .text(customer), "return_url": "http://localhost:3000/billing"]
        for entry in more.entries { form[entry.name] = entry.value }
        let reply = try await api.post("/v1/billing_portal/sessions", form)
        #expect(reply.status == 200)
        return (customer, subscription, reply.body)
    }

    private func path(_ session: JSONObject) throws -> String {
        let url = try #require(session["url"]?.string)
        return String(url[try #require(url.firstRange(of: "/p/session/")).lowerBound...])
    }

    @Test func theSessionHasStripesMembers() async throws {
        try await withSandbox { sandbox, api in
            let (customer, _, session) = try await open(sandbox, api)
            #expect(
                Set(session.members.map(\.name)) == [
                    "id", "object", "configuration", "created", "customer", "customer_account", "flow", "livemode",
                    "locale", "on_behalf_of", "return_url", "url",
                ]
            )
            #expect(session["customer"] == .string(customer))
            #expect(session["id"]?.string?.hasPrefix("bps_1") == true)
            #expect(session["url"]?.string?.hasPrefix("http://127.0.0.1:\(api.port)/p/session/") == true)
            #expect(sandbox.events().last?["type"] == "billing_portal.session.created")
        }
    }

    @Test func unknownAndDeletedCustomersAreRefused() async throws {
        try await withSandbox { sandbox, api in
            let deleted = try sandbox.createCustomer()["id"]!.string!
            try sandbox.deleteCustomer(deleted)
            for id in ["cus_unknown", deleted] {
                let reply = try await api.post("/v1/billing_portal/sessions", ["customer": .text(id)])
                #expect(reply.status == 400)
                #expect(reply.error["code"] == "resource_missing")
                #expect(reply.error["param"] == "customer")
            }
            let missing = try await api.post("/v1/billing_portal/sessions", ["return_url": "http://localhost/"])
            #expect(missing.error["code"] == "parameter_missing")
            let customer = try sandbox.createCustomer()["id"]!.string!
            for (name, value) in [("configuration", "bpc_x"), ("return_url", "javascript:alert(1)")] {
                var form: StripeParameters = ["customer": .text(customer)]
                form[name] = .text(value)
                let reply = try await api.post("/v1/billing_portal/sessions", form)
                #expect(reply.status == 400)
                #expect(reply.error["param"] == .string(name))
            }
        }
    }

    @Test func flowsAreCheckedAndShown() async throws {
        try await withSandbox { sandbox, api in
            let customer = try sandbox.createCustomer()["id"]!.string!
            let own = try sandbox.createSubscription([
                "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
            ])["id"]!.string!
            let other = try sandbox.createCustomer()["id"]!.string!
            func flow(_ customer: String) async throws -> StripeAPI.Reply {
                try await api.post(
                    "/v1/billing_portal/sessions",
                    [
                        "customer": .text(customer),
                        "flow_data": [
                            "type": "subscription_cancel", "subscription_cancel": ["subscription": .text(own)],
                            "after_completion": [
                                "type": "redirect", "redirect": ["return_url": "https://example.org/done"],
                            ],
                        ],
                    ]
                )
            }
            let reply = try await flow(customer)
            #expect(reply.body.at("flow.type") == "subscription_cancel")
            #expect(reply.body.at("flow.subscription_cancel.subscription") == .string(own))
            #expect(reply.body.at("flow.after_completion.redirect.return_url") == "https://example.org/done")
            let refused = try await flow(other)
            #expect(refused.error["param"] == "flow_data[subscription_cancel][subscription]")
        }
    }

    @Test func thePageCancelsResumesAndEnds() async throws {
        try await withSandbox { sandbox, api in
            let (_, subscription, session) = try await open(sandbox, api)
            let path = try path(session)
            let page = try await api.get(path)
            #expect(page.status == 200)
            #expect(page.text.contains("Basic"))
            #expect(page.text.contains("10.00 USD / month"))
            #expect(page.text.contains(#"href="http://localhost:3000/billing""#))
            #expect(!page.text.contains("<b>@"))
            #expect(page.header("Cache-Control") == "no-store")

            let form: StripeParameters = ["subscription": .text(subscription)]
            let canceled = try await api.post("\(path)/cancel", form)
            #expect(canceled.status == 303)
            #expect(canceled.header("Location") == path)
            // The portal in flexible billing mode sets the time and leaves the flag.
            #expect(sandbox.subscription(subscription)?["cancel_at_period_end"] == false)
            #expect(sandbox.subscription(subscription)?["cancel_at"]?.integer != nil)
            #expect(try await api.get(path).text.contains("Cancels on"))
            #expect(try await api.post("\(path)/resume", form).status == 303)
            #expect(sandbox.subscription(subscription)?["cancel_at"] == .null)
            #expect(try await api.post("\(path)/cancel_now", form).status == 303)
            #expect(sandbox.subscription(subscription)?["status"] == "canceled")
            #expect(try await api.post("\(path)/resume", form).status == 400)
        }
    }

    @Test func thePageChangesTheEmail() async throws {
        try await withSandbox { sandbox, api in
            let (customer, _, session) = try await open(sandbox, api)
            let path = try path(session)
            #expect(try await api.post("\(path)/email", ["email": "new@example.org"]).status == 303)
            #expect(sandbox.customer(customer)?["email"] == "new@example.org")
            #expect(sandbox.events().last?.at("request.id")?.string?.hasPrefix("req_") == true)
        }
    }

    @Test func aSessionOpensOnlyItsOwnCustomersSubscriptions() async throws {
        try await withSandbox { sandbox, api in
            let (_, _, session) = try await open(sandbox, api)
            let (_, other, _) = try await open(sandbox, api)
            let reply = try await api.post("\(try path(session))/cancel_now", ["subscription": .text(other)])
            #expect(reply.status == 400)
            #expect(sandbox.subscription(other)?["status"] == "active")
        }
    }

    @Test func sessionsExpire() async throws {
        try await withSandbox { sandbox, api in
            let (_, subscription, session) = try await open(sandbox, api)
            let path = try path(session)
            sandbox.advanceClock(by: 299)
            #expect(try await api.get(path).status == 200)
            sandbox.advanceClock(by: 1)
            #expect(try await api.get(path).status == 404)
            let late = try await api.post("\(path)/cancel_now", ["subscription": .text(subscription)])
            #expect(late.status == 404)
            #expect(sandbox.subscription(subscription)?["status"] == "active")
            #expect(try await api.get("/p/session/guess").status == 404)
        }
    }
}
