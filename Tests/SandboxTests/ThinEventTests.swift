import HTTPTypes
import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(10))) struct ThinEventTests {
    @Test func thinEndpointsGetNoState() async throws {
        try await withReceiver { receiver, url in
            try await withSandbox { sandbox, api in
                let added = try await api.post(
                    "/_sandbox/endpoints",
                    ["url": .text(url), "secret": "whsec_test", "thin": true, "enabled_events": ["v1.customer.*"]]
                )
                #expect(added.body["id"] == "we_1")
                let created = try await api.post("/v1/customers", headers: ["Idempotency-Key": "k"])
                let customer = try #require(created.body["id"]?.string)
                try sandbox.createSubscription([
                    "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
                ])
                await sandbox.deliveriesSettled()
                let id = try #require(receiver.received.first?.id)
                let retrieved = try await api.get("/v2/core/events/\(id)").body
                sandbox.advanceClock(by: 32 * 86_400)
                await sandbox.deliveriesSettled()
                let thin = receiver.received.map(\.event)
                let snapshots = sandbox.events()
                #expect(thin.map { $0["type"]! } == snapshots.map { .string("v1.\($0["type"]!.string!)") })
                #expect(thin.map { $0["snapshot_event"]! } == snapshots.map { $0["id"]! })
                #expect(thin.allSatisfy { $0["object"] == "v2.core.event" && $0["data"] == nil })
                let first = try #require(thin.first)
                // date -u -d @1790000000
                #expect(first["created"] == "2026-09-21T14:13:20.000Z")
                #expect(first["id"]?.string?.hasPrefix("evt_test_") == true)
                #expect(first.at("related_object.type") == "customer")
                #expect(first.at("related_object.id") == .string(customer))
                #expect(try await api.get(first.at("related_object.url")!.string!).body["id"] == .string(customer))
                #expect(first.at("reason.request.id")?.string == created.header("Request-Id"))
                #expect(first.at("reason.request.idempotency_key") == "k")
                // Nobody asked for a renewal.
                #expect(thin.last?["reason"] == .null)
                #expect(retrieved == first)
                // Stripe keeps events for 30 days.
                #expect(try await api.get("/v2/core/events/\(id)").status == 404)
                let delivery = try #require(receiver.received.first)
                #expect(
                    delivery.headers[HTTPField.Name("Stripe-Signature")!]
                        == DeliverySignature.header(
                            payload: Array(delivery.text.utf8),
                            secrets: ["whsec_test"],
                            timestamp: startOfTests
                        )
                )
            }
        }
    }

    @Test func lostEventsAreToldByHealthEventsOnly() async throws {
        try await withReceiver { receiver, url in
            try await withReceiver { thin, thinURL in
                try await withSandbox({
                    $0.endpoints = [
                        WebhookEndpoint(url: url, secrets: ["whsec_test"]),
                        WebhookEndpoint(
                            url: thinURL,
                            secrets: ["whsec_test"],
                            events: ["v2.core.health.*"],
                            isThin: true
                        ),
                    ]
                }) { sandbox, api in
                    let id = try sandbox.createCustomer()["id"]!.string!
                    let fault: StripeParameters = ["effect": "lose", "type": "customer.updated"]
                    #expect(try await api.post("/_sandbox/faults/events", fault).status == 200)
                    try sandbox.updateCustomer(id, ["name": "lost"])
                    try sandbox.updateCustomer(id, ["name": "told"])
                    let ids = try await api.post("/_sandbox/health_events").body["ids"]?.array
                    await sandbox.deliveriesSettled()
                    #expect(sandbox.customer(id)?["name"] == "told")
                    #expect(receiver.received.map(\.type) == ["customer.created", "customer.updated"])
                    #expect(receiver.received.last?.event.at("data.previous_attributes.name") == "lost")
                    #expect(try await api.get("/v1/events").ids == receiver.received.map(\.id).reversed())
                    #expect(thin.received.map(\.type) == ["v2.core.health.event_generation_failure.resolved"])
                    let event = try #require(thin.received.first)
                    #expect(ids == [.string(event.id)])
                    #expect(event.event["data"] == nil)
                    let full = try await api.get("/v2/core/events/\(event.id)").body
                    #expect(full.at("data.impact.event_type") == "customer.updated")
                    #expect(full.at("data.impact.related_object.id") == .string(id))
                    // Each loss is told once.
                    #expect(sandbox.reportLostEvents().isEmpty)
                }
            }
        }
    }
}
