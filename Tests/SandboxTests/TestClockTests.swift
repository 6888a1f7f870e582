import Testing

@testable import Sandbox

@Suite struct TestClockTests {
    @Test func listsLeaveOutWhatIsOnATestClock() async throws {
        try await withSandbox { sandbox, api in
            func customer(_ parameters: StripeParameters = [:]) throws -> (customer: String, subscription: String) {
                let customer = try sandbox.createCustomer(parameters)["id"]!.string!
                let subscription = try sandbox.createSubscription([
                    "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
                ])
                return (customer, subscription["id"]!.string!)
            }
            let ordinary = try customer()
            let clocked = try customer(["test_clock": "clock_1"])
            #expect(sandbox.customer(clocked.customer)?["test_clock"] == "clock_1")
            #expect(sandbox.subscription(clocked.subscription)?["test_clock"] == "clock_1")
            #expect(try await api.get("/v1/customers").ids == [ordinary.customer])
            #expect(try await api.get("/v1/customers?test_clock=clock_1").ids == [clocked.customer])
            #expect(try await api.get("/v1/customers?test_clock=clock_2").ids.isEmpty)
            #expect(try await api.get("/v1/customers?test_clock=other").error["param"] == "test_clock")
            #expect(try await api.get("/v1/subscriptions?status=all").ids == [ordinary.subscription])
            #expect(try await api.get("/v1/subscriptions?test_clock=clock_1").ids == [clocked.subscription])
            let own = try await api.get("/v1/subscriptions?customer=\(clocked.customer)")
            #expect(own.ids == [clocked.subscription])
            #expect(try await api.get("/v1/customers/\(clocked.customer)").status == 200)
            #expect(sandbox.events().contains { $0.at("data.object.id") == .string(clocked.subscription) })
        }
    }
}
