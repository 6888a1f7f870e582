import Metrics
import MetricsTestKit
import StripeClient
import TestSupport
import Testing

/// What is counted of calls: each once, however many attempts it took.
@Suite(.timeLimit(.minutes(10))) struct StripeClientMetricsTests {
    @Test func countsHowACallEndedInItsLane() async throws {
        let answers = [
            StripeClientTests.error(500), StripeClientTests.success, StripeClientTests.error(404),
            StripeClientTests.error(429),
        ]
        try await RawServer.run({ answers[$0.index] }) { server in
            let test = TestMetrics()
            let client = try StripeClient(of: server, metrics: StripeClientMetrics(factory: test))
            _ = try await client.createPortalSession(StripeClientTests.parameters, budget: StripeClientTests.patience)
            for _ in 0..<2 {
                await #expect(throws: StripeCallError.self) {
                    try await client.retrieveCustomer("cus_1", lane: .refresh)
                }
            }
            #expect(server.received.count == 4)
            #expect(try calls(test, "portal", "succeeded") == 1)
            #expect(try calls(test, "portal", "unavailable") == 0)
            #expect(try calls(test, "refresh", "refused") == 1)
            #expect(try calls(test, "refresh", "busy") == 1)
            #expect(try calls(test, "sweep", "refused") == 0)
            let durations = try ["portal", "refresh"].map { lane in
                try test.expectTimer("portald_stripe_call_duration_seconds", [("lane", lane)]).values.count
            }
            #expect(durations == [1, 2])
        }
    }

    private func calls(_ test: TestMetrics, _ lane: String, _ result: String) throws -> Int64 {
        try test.expectCounter("portald_stripe_calls_total", [("lane", lane), ("result", result)]).values.reduce(0, +)
    }
}
