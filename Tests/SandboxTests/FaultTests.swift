import HummingbirdTesting
import TestSupport
import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(10))) struct FaultTests {
    @Test func statusesStrikeTheNextMatchingCalls() async throws {
        try await withSandbox { sandbox, api in
            sandbox.inject(
                APIFault(
                    .status(429, rateLimitedReason: "endpoint-rate"),
                    method: "GET",
                    path: "/v1/customers*",
                    frequency: .next(2)
                )
            )
            #expect(try await api.post("/v1/customers").status == 200)
            #expect(try await api.get("/v1/events").status == 200)
            for path in ["/v1/customers", "/v1/customers/cus_none"] {
                let reply = try await api.get(path)
                #expect(reply.status == 429)
                #expect(reply.error["code"] == "rate_limit")
                #expect(reply.header("Stripe-Rate-Limited-Reason") == "endpoint-rate")
            }
            #expect(try await api.get("/v1/customers").status == 200)
        }
    }

    @Test func errorsCarryStripesTypes() async throws {
        try await withSandbox { sandbox, api in
            for (status, type) in [(409, "invalid_request_error"), (500, "api_error"), (503, "api_error")] {
                sandbox.inject(APIFault(.status(status)))
                let reply = try await api.get("/v1/customers")
                #expect(reply.status == status)
                #expect(reply.error["type"] == .string(type))
                #expect(reply.header("Request-Id") != nil)
            }
            sandbox.inject(APIFault(.status(429)))
            #expect(try await api.get("/v1/customers").error["code"] == "lock_timeout")
        }
    }

    @Test func aShareOfCallsIsRepeatable() async throws {
        func statuses() async throws -> [Int] {
            try await withSandbox { sandbox, api in
                sandbox.inject(APIFault(.status(503), frequency: .fraction(0.5)))
                var statuses: [Int] = []
                for _ in 0..<40 { statuses.append(try await api.get("/v1/customers").status) }
                return statuses
            }
        }
        let first = try await statuses()
        #expect(Set(first) == [200, 503])
        #expect(try await statuses() == first)
    }

    @Test(arguments: APIFault.Moment.allCases)
    func aResetBreaksTheConnection(moment: APIFault.Moment) async throws {
        try await withSandbox { sandbox, api in
            sandbox.inject(APIFault(.reset(moment), method: "POST"))
            let key = ["Idempotency-Key": "k"]
            await #expect(throws: (any Error).self) { try await api.post("/v1/customers", headers: key) }
            #expect(sandbox.events().count == (moment == .beforeProcessing ? 0 : 1))
            let retry = try await api.post("/v1/customers", headers: key)
            #expect(retry.status == 200)
            #expect(retry.header("Idempotent-Replayed") == (moment == .beforeProcessing ? nil : "true"))
            #expect(sandbox.events().count == 1)
        }
    }

    @Test func anObjectCanBeMissing() async throws {
        try await withSandbox { sandbox, api in
            let id = try sandbox.createCustomer()["id"]!.string!
            sandbox.inject(APIFault(.status(404), method: "GET", path: "/v1/customers/\(id)"))
            let missing = try await api.get("/v1/customers/\(id)")
            #expect(missing.status == 404)
            #expect(missing.error["code"] == "resource_missing")
            #expect(missing.error["message"] == .string("No such customer: '\(id)'"))
            #expect(try await api.get("/v1/customers/\(id)").status == 200)
        }
    }

    @Test(arguments: ["delay", "hold"])
    func anAnswerIsLateBeforeOrAfterItIsRendered(effect: String) async throws {
        let clock = ManualClock()
        try await withSandbox({ $0.clock = clock }) { sandbox, api in
            let id = try sandbox.createCustomer(["name": "before"])["id"]!.string!
            let fault: StripeParameters = ["effect": .text(effect), "milliseconds": 9_000, "path": "/v1/customers/*"]
            #expect(try await api.post("/_sandbox/faults/api", fault).status == 200)
            async let reply = api.get("/v1/customers/\(id)")
            #expect(await clock.nextSleep() == .seconds(9))
            sandbox.advanceClock(by: 9)
            try sandbox.updateCustomer(id, ["name": "after"])
            clock.advance(by: .seconds(9))
            let (name, date) = try await (reply.body["name"], reply.header("Date"))
            #expect(name == (effect == "delay" ? "after" : "before"))
            // date -u -d @1790000000
            #expect(date == "Mon, 21 Sep 2026 14:13:2\(effect == "delay" ? 9 : 0) GMT")
        }
    }

    @Test(arguments: ["delay", "hold"])
    func aRefusalIsAsLateAsAnAnswer(effect: String) async throws {
        let clock = ManualClock()
        try await withSandbox({ $0.clock = clock }) { _, api async throws in
            let faults: [StripeParameters] = [
                ["effect": "status", "status": 400], ["effect": .text(effect), "milliseconds": 9_000],
            ]
            for fault in faults {
                #expect(try await api.post("/_sandbox/faults/api", fault).status == 200)
            }
            async let reply = api.get("/v1/customers")
            #expect(await clock.nextSleep() == .seconds(9))
            clock.advance(by: .seconds(9))
            let status = try await reply.status
            #expect(status == 400)
        }
    }

    @Test func controlsOverHTTP() async throws {
        try await withSandbox { sandbox, api in
            let set = try await api.post(
                "/_sandbox/faults/api",
                ["effect": "status", "status": 500, "path": "/v1/events", "next": 2]
            )
            #expect(set.status == 200)
            #expect(try await api.get("/v1/events").status == 500)
            #expect(try await api.delete("/_sandbox/faults").status == 200)
            #expect(try await api.get("/v1/events").status == 200)
            #expect(try await api.get("/_sandbox/calls").body.at("calls") == ["GET /v1/events": 2])

            let frozen = try await api.post("/_sandbox/clock", ["frozen": true, "advance": 60])
            #expect(frozen.body["now"] == .integer(startOfTests + 60))
            let customer = try sandbox.createCustomer()["id"]!.string!
            let subscription = try sandbox.createSubscription([
                "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
            ])["id"]!.string!
            let unpaid = try await api.post("/_sandbox/subscriptions/\(subscription)/status", ["status": "unpaid"])
            #expect(unpaid.body["status"] == "unpaid")

            #expect(try await api.post("/_sandbox/reset").status == 200)
            #expect(sandbox.events().isEmpty)
            #expect(sandbox.customer(customer) == nil)
            #expect(sandbox.apiCalls.isEmpty)
            let wrong: [(String, StripeParameters)] = [
                ("faults/api", ["effect": "explode"]), ("faults/events", ["effect": "drop", "next": 0]),
                ("endpoints", ["url": "https://example.org/", "secret": "whsec_x"]), ("clock", ["advance": "-1"]),
            ]
            for (path, form) in wrong {
                #expect(try await api.post("/_sandbox/\(path)", form).status == 400)
            }
        }
    }
}
