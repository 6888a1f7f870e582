import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(10))) struct WebhookEndpointTests {
    @Test func anEndpointIsMadeChangedAndRemovedOverTheAPI() async throws {
        try await withReceiver { receiver, url in
            try await withSandbox { sandbox, api in
                let created = try await api.post(
                    "/v1/webhook_endpoints",
                    ["url": .text(url), "enabled_events": ["0": "customer.created"], "api_version": "2026-03-25.dahlia"]
                )
                #expect(created.status == 200)
                #expect(created.body["secret"]?.string?.hasPrefix("whsec_") == true)
                let id = try #require(created.body["id"]?.string)
                try sandbox.createCustomer()
                await sandbox.deliveriesSettled()
                #expect(receiver.received.count == 1)

                let changed = try await api.post("/v1/webhook_endpoints/\(id)", ["disabled": true])
                #expect(changed.body["status"] == "disabled")
                #expect(changed.body["secret"] == nil)
                try sandbox.createCustomer()
                await sandbox.deliveriesSettled()
                #expect(receiver.received.count == 1)

                #expect(try await api.get("/v1/webhook_endpoints").ids == [id])
                #expect(try await api.delete("/v1/webhook_endpoints/\(id)").body["deleted"] == true)
                #expect(try await api.get("/v1/webhook_endpoints").ids.isEmpty)
                #expect(try await api.get("/v1/webhook_endpoints/\(id)").status == 404)
            }
        }
    }

    @Test(arguments: [["url": "ftp://example.com", "enabled_events": ["0": "*"]], ["enabled_events": ["0": "*"]]] as [StripeParameters])
    func aFaultyEndpointIsRefused(parameters: StripeParameters) async throws {
        try await withSandbox { _, api async throws in
            #expect(try await api.post("/v1/webhook_endpoints", parameters).status == 400)
            #expect(try await api.get("/v1/webhook_endpoints").ids.isEmpty)
        }
    }

    @Test func aRestrictedKeyReachesWhatItMay() async throws {
        try await withSandbox { _, api in
            let key = "rk_test_restricted"
            let restricted = StripeAPI(port: api.port, key: key)
            #expect(try await restricted.get("/v1/customers").status == 401)
            let permissions: StripeParameters = ["0": "rak_customer_write", "1": "rak_event_read"]
            #expect(try await api.post("/_sandbox/keys", ["key": .text(key), "permissions": .nested(permissions)]).status == 200)
            #expect(try await restricted.get("/v1/customers").status == 200)
            #expect(try await restricted.post("/v1/customers").status == 200)
            #expect(try await restricted.get("/v1/events").status == 200)
            let refused = try await restricted.get("/v1/subscriptions")
            #expect(refused.status == 403)
            #expect(refused.error["message"]?.string?.contains("rak_subscription_read") == true)
            #expect(refused.error["type"] == "invalid_request_error")
        }
    }

    @Test func withoutASavedConfigurationThereIsNoPortal() async throws {
        try await withSandbox { sandbox, api in
            let customer = try #require(try sandbox.createCustomer()["id"]?.string)
            #expect(try await api.get("/v1/billing_portal/configurations").ids.count == 1)
            #expect(try await api.post("/_sandbox/portal_configuration", ["exists": false]).status == 200)
            #expect(try await api.get("/v1/billing_portal/configurations").ids.isEmpty)
            let refused = try await api.post("/v1/billing_portal/sessions", ["customer": .text(customer)])
            #expect(refused.status == 400)
            #expect(refused.error["message"]?.string?.hasPrefix("No configuration provided") == true)
        }
    }
}
