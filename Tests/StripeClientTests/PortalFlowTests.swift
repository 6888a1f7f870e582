import StripeClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct PortalFlowTests {
    private static let flows: [(flow: PortalFlow, form: String)] = [
        (.paymentMethodUpdate, "flow_data[type]=payment_method_update"),
        (
            .subscriptionCancel(subscription: "sub_1"),
            "flow_data[type]=subscription_cancel&flow_data[subscription_cancel][subscription]=sub_1"
        ),
        (
            .subscriptionUpdate(subscription: "sub_1"),
            "flow_data[type]=subscription_update&flow_data[subscription_update][subscription]=sub_1"
        ),
        (
            .subscriptionUpdateConfirm(subscription: "sub_1", change: .init(item: "si_1", price: "a b&c", quantity: 2)),
            """
            flow_data[type]=subscription_update_confirm&flow_data[subscription_update_confirm][subscription]=sub_1\
            &flow_data[subscription_update_confirm][items][0][id]=si_1\
            &flow_data[subscription_update_confirm][items][0][price]=a+b%26c\
            &flow_data[subscription_update_confirm][items][0][quantity]=2
            """
        ),
        (
            .subscriptionUpdateConfirm(subscription: "sub_1", change: .init(item: "si_1", price: "price_1")),
            """
            flow_data[type]=subscription_update_confirm&flow_data[subscription_update_confirm][subscription]=sub_1\
            &flow_data[subscription_update_confirm][items][0][id]=si_1\
            &flow_data[subscription_update_confirm][items][0][price]=price_1
            """
        ),
    ]

    @Test(arguments: flows)
    func asksForAFlow(_ flow: PortalFlow, form: String) async throws {
        try await RawServer.run({ _ in StripeClientTests.success }) { server in
            var parameters = StripeClientTests.parameters
            parameters.flow = flow
            _ = try await StripeClient(of: server).createPortalSession(parameters, budget: StripeClientTests.patience)
            let target = "https%3A%2F%2Fa.example%2Fbilling"
            let after = """
                flow_data[after_completion][type]=redirect\
                &flow_data[after_completion][redirect][return_url]=\(target)
                """
            #expect(server.received.first?.body == "customer=cus_1&return_url=\(target)&\(form)&\(after)")
        }
    }

    @Test func aProbeIsOneSmallRequest() async throws {
        let answers = [StripeClientTests.error(500), StripeClientTests.error(403), .send(RawServer.reply(200, [:], "{}"))]
        try await RawServer.run({ answers[$0.index] }) { server in
            let client = try StripeClient(of: server)
            for expected in [500, 403] {
                let error = await #expect(throws: StripeCallError.self) { try await client.probe(budget: .seconds(60)) }
                #expect(error?.status == expected)
                #expect(error?.attempts == 1)
            }
            try await client.probe(budget: .seconds(60))
            #expect(server.received.map(\.requestLine) == Array(repeating: "GET /v1/customers?limit=1 HTTP/1.1", count: 3))
        }
    }
}
