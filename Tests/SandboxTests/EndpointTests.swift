import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(10))) struct EndpointTests {
    @Test func aDisabledEndpointNeverGetsWhatItMissed() async throws {
        try await withReceiver { receiver, url in
            try await withSandbox({ $0.endpoints = [WebhookEndpoint(url: url, secrets: ["whsec_test"])] }) {
                sandbox,
                api in
                try sandbox.createCustomer()
                await sandbox.deliveriesSettled()
                #expect(try await api.post("/_sandbox/endpoints/we_1", ["disabled": true]).status == 200)
                #expect(try await api.get("/_sandbox/endpoints").body.at("endpoints.0.status") == "disabled")
                try sandbox.createCustomer()
                await sandbox.deliveriesSettled()
                #expect(try await api.post("/_sandbox/endpoints/we_1", ["disabled": false]).status == 200)
                try sandbox.createCustomer()
                await sandbox.deliveriesSettled()
                let ids = sandbox.events().map { $0["id"]!.string! }
                #expect(receiver.received.map(\.id) == [ids[0], ids[2]])
                #expect(try await api.get("/v1/events").ids == ids.reversed())
                #expect(throws: SandboxError.unknownEndpoint("we_2")) {
                    try sandbox.setEndpoint("we_2", enabled: true)
                }
                #expect(try await api.post("/_sandbox/endpoints/we_2", ["disabled": true]).status == 404)
            }
        }
    }

    @Test func aRetryThatFallsDueWhileDisabledIsTheLast() throws {
        var configuration = SandboxConfiguration { startOfTests }
        configuration.endpoints = [WebhookEndpoint(url: "http://127.0.0.1/", secrets: ["whsec_test"])]
        var state = SandboxState(configuration)
        var reader = ParameterReader([:])
        let call = CallContext(now: startOfTests, rendering: state.model.rendering)
        _ = try state.model.createCustomer(&reader, call)
        let delivery = try #require(state.takeDeliveries().first)
        let retry = try #require(state.finish(delivery, outcome: .answered(500)).next)
        let due = try #require(state.deliveries.ready([retry]).first)
        #expect(state.deliveries.outstanding == 1)
        let isKnown = state.deliveries.setEnabled(false, endpoint: "we_1")
        #expect(isKnown)
        let message = state.message(for: due)
        #expect(message == nil)
        #expect(state.deliveries.outstanding == 0)
        #expect(state.model.events.objects.first?.pendingEndpoints == [0])
    }

    @Test func aDroppedDeliveryIsListedAndNotTriedAgain() async throws {
        try await withReceiver { receiver, url in
            try await withSandbox({
                $0.endpoints = [WebhookEndpoint(url: url, secrets: ["whsec_test"])]
                $0.retryDelays = [.zero, .zero]
            }) { sandbox, api in
                sandbox.inject(EventFault(.drop))
                try sandbox.createCustomer()
                try sandbox.createCustomer()
                await sandbox.deliveriesSettled()
                let ids = sandbox.events().map { $0["id"]!.string! }
                #expect(try await api.get("/v1/events?delivery_success=false").ids == [ids[0]])
                #expect(sandbox.attempts.filter { $0.event == ids[0] }.map(\.outcome) == [.dropped])
                #expect(receiver.received.map(\.id) == [ids[1]])
            }
        }
    }
}
