import NIOConcurrencyHelpers
import Testing

@testable import Sandbox

@Suite struct RateLimitTests {
    @Test func callsBeyondTheLimitAreRefusedAsStripeDoes() async throws {
        let seconds = NIOLockedValueBox(startOfTests)
        try await withSandbox({
            $0.rateLimit = 2
            $0.now = { seconds.withLockedValue { $0 } }
        }) { sandbox, api in
            // The limit counts real seconds.
            sandbox.setClockFrozen(true)
            for _ in 0..<2 {
                #expect(try await api.get("/v1/customers").status == 200)
                #expect(try await api.post("/v1/customers").status == 200)
                let refused = try await api.post("/v1/customers", headers: ["Idempotency-Key": "k"])
                #expect(refused.status == 429)
                #expect(refused.error["type"] == "invalid_request_error")
                #expect(refused.error["code"] == "rate_limit")
                #expect(refused.header("Stripe-Rate-Limited-Reason") == "global-rate")
                seconds.withLockedValue { $0 += 1 }
            }
            #expect(sandbox.events().count == 2)
            #expect(sandbox.rateLimitedCalls == 2)
            #expect(try await api.get("/_sandbox/calls").body["rate_limited"] == 2)
            #expect(try await api.post("/v1/customers", headers: ["Idempotency-Key": "k"]).status == 200)
        }
    }
}
