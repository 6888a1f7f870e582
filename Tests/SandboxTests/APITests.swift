import Testing

@testable import Sandbox

@Suite struct APITests {
    @Test(arguments: ["Bearer sk_test_wrong_wrong_wrong", "Basic c2tfdGVzdDo=", "sk_test_sandbox", "Bearer"])
    func otherKeysAreRefusedAsStripeDoes(authorization: String) async throws {
        try await withSandbox { sandbox, api in
            let reply = try await api.get("/v1/customers", headers: ["Authorization": authorization])
            #expect(reply.status == 401)
            #expect(reply.error["type"] == "invalid_request_error")
            #expect(reply.error["code"] == nil)
            #expect(reply.header("WWW-Authenticate") == #"Bearer realm="Stripe""#)
            #expect(reply.header("Request-Id") == nil)
            #expect(sandbox.apiCalls["GET /v1/customers"] == 1)
        }
    }

    @Test(arguments: ["bearer sk_test_sandbox", "Basic c2tfdGVzdF9zYW5kYm94Og=="])
    func theKeyIsTakenAsTokenOrAsUser(authorization: String) async throws {
        try await withSandbox { _, api in
            let reply = try await api.get("/v1/customers", headers: ["Authorization": authorization])
            #expect(reply.status == 200)
        }
    }

    @Test func headersAreStripes() async throws {
        try await withSandbox { _, api in
            let reply = try await api.post(
                "/v1/customers",
                headers: ["Stripe-Version": "2026-03-25.dahlia", "Idempotency-Key": "k"]
            )
            let id = try #require(reply.header("Request-Id"))
            #expect(id.wholeMatch(of: /req_[0-9A-Za-z]{14}/) != nil)
            #expect(reply.header("Original-Request") == id)
            #expect(reply.header("Idempotency-Key") == "k")
            #expect(reply.header("Stripe-Version") == "2026-03-25.dahlia")
            #expect(reply.header("Stripe-Should-Retry") == "false")
            #expect(reply.header("Content-Type") == "application/json")
            // date -u -d @1790000000
            #expect(reply.header("Date") == "Mon, 21 Sep 2026 14:13:20 GMT")
            #expect(reply.text.hasPrefix("{\n  \"id\": \"cus_"))
        }
    }

    @Test func theDateFollowsTheSandboxesClock() async throws {
        try await withSandbox { sandbox, api in
            sandbox.advanceClock(by: 86_400)
            let reply = try await api.get("/v1/customers")
            #expect(reply.header("Date") == "Tue, 22 Sep 2026 14:13:20 GMT")
        }
    }

    @Test func errorsHaveStripesShape() async throws {
        try await withSandbox { sandbox, api in
            let missing = try await api.get("/v1/customers/cus_none")
            #expect(missing.status == 404)
            #expect(missing.error["code"] == "resource_missing")
            #expect(missing.error["param"] == "id")
            #expect(missing.error["message"] == "No such customer: 'cus_none'")
            #expect(missing.header("Request-Id") != nil)

            let body = try await api.post(
                "/v1/subscriptions",
                ["customer": "cus_none", "items": [["price": .text(SandboxPrices.basic)]]]
            )
            #expect(body.status == 400)
            #expect(body.error["param"] == "customer")
            let price = try await api.post("/v1/subscriptions", ["customer": "cus_none", "items": [["price": "no"]]])
            #expect(price.error["param"] == "items[0][price]")

            let url = try await api.get("/v1/nonsense")
            #expect(url.status == 404)
            #expect(url.error["message"]?.string?.hasPrefix("Unrecognized request URL (GET: /v1/nonsense).") == true)

            let unknown = try await api.post("/v1/customers", ["emial": "x", "address": ["planet": "Mars"]])
            #expect(unknown.status == 400)
            #expect(unknown.error["code"] == "parameter_unknown")
            #expect(unknown.error["param"] == "address[planet]")
            #expect(try await api.post("/v1/customers", ["emial": "x"]).error["param"] == "emial")
            #expect(try await api.get("/v1/customers?limit=101").error["param"] == "limit")
            #expect(try await api.get("/v1/customers?limit=x").error["code"] == "parameter_invalid_integer")
            #expect(try await api.get("/v1/customers?starting_after=cus_none").error["param"] == "starting_after")
            #expect(sandbox.events().isEmpty)
        }
    }

    @Test func productsAndPrices() async throws {
        try await withSandbox { sandbox, api in
            #expect(try await api.get("/v1/prices").ids == [SandboxPrices.team, SandboxPrices.basic])
            let product = try await api.post("/v1/products", ["name": "Yearly"])
            let id = try #require(product.body["id"]?.string)
            let price = try await api.post(
                "/v1/prices",
                ["product": .text(id), "currency": "EUR", "unit_amount": 9_900, "recurring": ["interval": "year"]]
            )
            #expect(price.body.at("recurring.interval") == "year")
            #expect(price.body["currency"] == "eur")
            #expect(try await api.get("/v1/prices?product=\(id)").ids == [price.body["id"]!.string!])
            #expect(try await api.get("/v1/products/\(id)").body == product.body)
            let customer = try sandbox.createCustomer()["id"]!.string!
            let subscription = try await api.post(
                "/v1/subscriptions",
                ["customer": .text(customer), "items": [["price": .text(price.body["id"]!.string!)]]]
            )
            #expect(
                subscription.body.at("items.data.0.current_period_end") == .integer(startOfTests + 365 * 86_400)
            )
        }
    }

    @Test func checkoutSellsASubscription() async throws {
        try await withSandbox { sandbox, api in
            let open = try await api.post(
                "/v1/checkout/sessions",
                [
                    "mode": "subscription", "client_reference_id": "user-7", "customer_email": "a@example.org",
                    "line_items": [["price": .text(SandboxPrices.team), "quantity": 2]],
                    "success_url": "http://localhost/ok",
                    "subscription_data": ["metadata": ["user_id": "7"]],
                ]
            )
            #expect(open.status == 200)
            #expect(open.body["status"] == "open")
            #expect(open.body["amount_total"] == 5_000)
            let id = try #require(open.body["id"]?.string)
            let done = try await api.post("/_sandbox/checkout/sessions/\(id)/complete")
            #expect(done.body["status"] == "complete")
            #expect(done.body["client_reference_id"] == "user-7")
            let subscription = try #require(sandbox.subscription(done.body["subscription"]!.string!))
            #expect(subscription["customer"] == done.body["customer"])
            #expect(subscription.at("metadata.user_id") == "7")
            #expect(sandbox.events().last?["type"] == "checkout.session.completed")
            #expect(try await api.post("/_sandbox/checkout/sessions/\(id)/complete").status == 400)
            #expect(try await api.get("/v1/checkout/sessions/\(id)").body["status"] == "complete")
        }
    }

    @Test func theCheckoutPagePaysOnce() async throws {
        try await withSandbox { sandbox, api in
            let session = try await api.post(
                "/v1/checkout/sessions",
                [
                    "mode": "subscription", "line_items": [["price": .text(SandboxPrices.basic)]],
                    "success_url": "http://localhost/ok?id={CHECKOUT_SESSION_ID}",
                ]
            )
            let id = try #require(session.body["id"]?.string)
            #expect(session.body["url"] == "http://127.0.0.1:\(api.port)/c/pay/\(id)")
            #expect(try await api.get("/c/pay/\(id)").text.contains("10.00 USD"))
            let paid = try await api.post("/c/pay/\(id)")
            #expect(paid.status == 303)
            #expect(paid.header("Location") == "http://localhost/ok?id=\(id)")
            #expect(try await api.get("/c/pay/\(id)").text.contains("Paid."))
            #expect(try await api.post("/c/pay/\(id)").status == 409)
            #expect(try await api.get("/c/pay/cs_none").status == 404)
        }
    }
}
