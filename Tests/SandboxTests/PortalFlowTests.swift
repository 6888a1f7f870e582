import Testing

@testable import Sandbox

@Suite struct PortalFlowTests {
    private static let target = "http://localhost:3000/done"

    /// A customer with one subscription.
    private func account(_ sandbox: Sandbox) throws -> (customer: String, subscription: String, item: String) {
        let customer = try sandbox.createCustomer()["id"]!.string!
        let subscription = try sandbox.createSubscription([
            "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
        ])
        return (customer, subscription["id"]!.string!, subscription.at("items.data.0.id")!.string!)
    }

    private func open(_ api: StripeAPI, _ customer: String, _ flow: StripeParameters) async throws -> StripeAPI.Reply {
        var flow = flow
        flow["after_completion"] = ["type": "redirect", "redirect": ["return_url": .text(Self.target)]]
        return try await api.post("/v1/billing_portal/sessions", ["customer": .text(customer), "flow_data": .nested(flow)])
    }

    private func path(_ reply: StripeAPI.Reply) throws -> String {
        let url = try #require(reply.body["url"]?.string)
        return String(url[try #require(url.firstRange(of: "/p/session/")).lowerBound...])
    }

    @Test func theCancelFlowGoesStraightToTheConfirmation() async throws {
        try await withSandbox { sandbox, api in
            let (customer, subscription, _) = try account(sandbox)
            let flow: StripeParameters = [
                "type": "subscription_cancel", "subscription_cancel": ["subscription": .text(subscription)],
            ]
            let path = try path(try await open(api, customer, flow))
            let page = try await api.get(path).text
            #expect(page.contains("Cancel your subscription"))
            #expect(page.contains("Cancel at period end"))
            #expect(page.contains("Basic"))
            #expect(!page.contains("Billing information"))
            let done = try await api.post("\(path)/cancel", ["subscription": .text(subscription)])
            #expect(done.status == 303)
            #expect(done.header("Location") == Self.target)
            #expect(sandbox.subscription(subscription)?["cancel_at"]?.integer != nil)
            // Whoever comes back finds all of the portal.
            #expect(try await api.get(path).text.contains("Billing information"))
            let resumed = try await api.post("\(path)/resume", ["subscription": .text(subscription)])
            #expect(resumed.header("Location") == path)
        }
    }

    @Test func theUpdateFlowChangesPriceAndQuantity() async throws {
        try await withSandbox { sandbox, api in
            let (customer, subscription, item) = try account(sandbox)
            let flow: StripeParameters = [
                "type": "subscription_update", "subscription_update": ["subscription": .text(subscription)],
            ]
            let path = try path(try await open(api, customer, flow))
            let page = try await api.get(path).text
            #expect(page.contains(#"value="\#(SandboxPrices.basic)" required checked"#))
            #expect(page.contains(#"value="\#(SandboxPrices.team)" required>"#))
            let form: StripeParameters = [
                "subscription": .text(subscription), "price": .text(SandboxPrices.team), "quantity": "4",
            ]
            let done = try await api.post("\(path)/update", form)
            #expect(done.header("Location") == Self.target)
            let changed = try #require(sandbox.subscription(subscription))
            #expect(changed.at("items.data.0.id") == .string(item))
            #expect(changed.at("items.data.0.price.id") == .string(SandboxPrices.team))
            #expect(changed.at("items.data.0.quantity") == 4)
            #expect(sandbox.events().last?["type"] == "customer.subscription.updated")
        }
    }

    @Test func theConfirmFlowAppliesWhatTheSessionWasMadeFor() async throws {
        try await withSandbox { sandbox, api in
            let (customer, subscription, item) = try account(sandbox)
            let flow: StripeParameters = [
                "type": "subscription_update_confirm",
                "subscription_update_confirm": [
                    "subscription": .text(subscription),
                    "items": [["id": .text(item), "price": .text(SandboxPrices.team), "quantity": "2"]],
                ],
            ]
            let reply = try await open(api, customer, flow)
            #expect(reply.body.at("flow.subscription_update_confirm.items.0.price") == .string(SandboxPrices.team))
            let path = try path(reply)
            let page = try await api.get(path).text
            #expect(page.contains("Team, 50.00 USD / month"))
            let form: StripeParameters = ["subscription": .text(subscription)]
            #expect(try await api.post("\(path)/confirm", form).header("Location") == Self.target)
            #expect(sandbox.subscription(subscription)?.at("items.data.0.price.id") == .string(SandboxPrices.team))
            #expect(sandbox.subscription(subscription)?.at("items.data.0.quantity") == 2)
        }
    }

    @Test func thePaymentMethodFlowTakesACard() async throws {
        try await withSandbox { sandbox, api in
            let (customer, _, _) = try account(sandbox)
            let path = try path(try await open(api, customer, ["type": "payment_method_update"]))
            #expect(try await api.get(path).text.contains("Card number"))
            let done = try await api.post("\(path)/payment_method", ["number": "4242 4242 4242 4242"])
            #expect(done.header("Location") == Self.target)
            #expect(try await api.post("\(path)/payment_method").status == 400)
        }
    }

    @Test func whatDoesNotFitIsRefusedWithItsParameter() async throws {
        try await withSandbox { sandbox, api in
            let (customer, subscription, item) = try account(sandbox)
            let (_, others, _) = try account(sandbox)
            let ended = try sandbox.createSubscription([
                "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
            ])["id"]!.string!
            try sandbox.cancelSubscription(ended)
            func confirm(_ item: StripeParameters) -> StripeParameters {
                [
                    "type": "subscription_update_confirm",
                    "subscription_update_confirm": ["subscription": .text(subscription), "items": [.nested(item)]],
                ]
            }
            func cancel(_ id: String) -> StripeParameters {
                ["type": "subscription_cancel", "subscription_cancel": ["subscription": .text(id)]]
            }
            let name = "flow_data[subscription_update_confirm][items]"
            for (flow, param, code) in [
                (["type": "subscription_explode"], "flow_data[type]", nil),
                (["subscription_cancel": ["subscription": .text(subscription)]], "flow_data[type]", "parameter_missing"),
                (["type": "subscription_cancel"], "flow_data[subscription_cancel]", "parameter_missing"),
                (
                    ["type": "subscription_cancel", "subscription_cancel": ["subscription": ""]],
                    "flow_data[subscription_cancel][subscription]", "parameter_missing"
                ),
                (cancel("sub_0"), "flow_data[subscription_cancel][subscription]", "resource_missing"),
                (cancel(others), "flow_data[subscription_cancel][subscription]", "resource_missing"),
                (cancel(ended), "flow_data[subscription_cancel][subscription]", nil),
                (confirm(["id": "si_0"]), "\(name)[0][id]", "resource_missing"),
                (confirm(["id": .text(item), "price": "price_0"]), "\(name)[0][price]", "resource_missing"),
                (confirm(["id": .text(item), "quantity": "x"]), "\(name)[0][quantity]", "parameter_invalid_integer"),
            ] as [(StripeParameters, String, String?)] {
                let reply = try await open(api, customer, flow)
                #expect(reply.status == 400, "\(param)")
                #expect(reply.error["param"] == .string(param))
                #expect(reply.error["code"]?.string == code)
            }
            let locale = try await api.post(
                "/v1/billing_portal/sessions",
                ["customer": .text(customer), "locale": "en_GB"]
            )
            #expect(locale.status == 400)
            #expect(locale.error["param"] == "locale")
            let german = try await api.post("/v1/billing_portal/sessions", ["customer": .text(customer), "locale": "de"])
            #expect(german.body["locale"] == "de")
        }
    }
}
