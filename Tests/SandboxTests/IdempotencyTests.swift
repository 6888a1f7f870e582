import TestSupport
import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(10))) struct IdempotencyTests {
    @Test func theFirstReplyIsReplayed() async throws {
        try await withSandbox { sandbox, api in
            let first = try await api.post("/v1/customers", ["name": "A"], headers: ["Idempotency-Key": "k"])
            let again = try await api.post("/v1/customers", ["name": "A"], headers: ["Idempotency-Key": "k"])
            #expect(first.header("Idempotent-Replayed") == nil)
            #expect(again.header("Idempotent-Replayed") == "true")
            #expect(again.body == first.body)
            #expect(again.header("Original-Request") == first.header("Request-Id"))
            #expect(again.header("Request-Id") != first.header("Request-Id"))
            #expect(sandbox.events().count == 1)
        }
    }

    @Test func otherParametersAreRefused() async throws {
        try await withSandbox { _, api in
            _ = try await api.post("/v1/customers", ["name": "A"], headers: ["Idempotency-Key": "k"])
            let other = try await api.post("/v1/customers", ["name": "B"], headers: ["Idempotency-Key": "k"])
            #expect(other.status == 400)
            #expect(other.error["type"] == "idempotency_error")
            let long = String(repeating: "k", count: 256)
            #expect(try await api.post("/v1/customers", headers: ["Idempotency-Key": long]).status == 400)
        }
    }

    @Test func aFailedValidationIsNotKept() async throws {
        try await withSandbox { _, api in
            let bad = try await api.post("/v1/customers", ["nonsense": "A"], headers: ["Idempotency-Key": "k"])
            #expect(bad.status == 400)
            let good = try await api.post("/v1/customers", ["name": "A"], headers: ["Idempotency-Key": "k"])
            #expect(good.status == 200)
        }
    }

    @Test func aServerErrorIsKeptAndARefusalIsNot() async throws {
        try await withSandbox { sandbox, api in
            sandbox.inject(APIFault(.status(500), path: "/v1/customers"))
            for replayed in [nil, "true"] {
                let reply = try await api.post("/v1/customers", headers: ["Idempotency-Key": "k"])
                #expect(reply.status == 500)
                #expect(reply.header("Idempotent-Replayed") == replayed)
            }
            for status in [429, 503, 409] {
                sandbox.inject(APIFault(.status(status), path: "/v1/customers"))
                let key = ["Idempotency-Key": "k\(status)"]
                #expect(try await api.post("/v1/customers", headers: key).status == status)
                #expect(try await api.post("/v1/customers", headers: key).status == 200)
            }
        }
    }

    @Test func aKeyInUseIsAConflict() async throws {
        let clock = ManualClock()
        try await withSandbox({ $0.clock = clock }) { sandbox, api in
            sandbox.inject(APIFault(.delay(.seconds(5)), path: "/v1/customers"))
            async let slow = api.post("/v1/customers", headers: ["Idempotency-Key": "k"])
            #expect(await clock.nextSleep() == .seconds(5))
            let second = try await api.post("/v1/customers", headers: ["Idempotency-Key": "k"])
            #expect(second.status == 409)
            #expect(second.error["code"] == "idempotency_key_in_use")
            clock.advance(by: .seconds(5))
            #expect(try await slow.status == 200)
        }
    }

    @Test func keysLiveForADay() async throws {
        try await withSandbox { sandbox, api in
            let first = try await api.post("/v1/customers", headers: ["Idempotency-Key": "k"])
            sandbox.advanceClock(by: 86_399)
            #expect(try await api.post("/v1/customers", headers: ["Idempotency-Key": "k"]).body == first.body)
            sandbox.advanceClock(by: 1)
            #expect(try await api.post("/v1/customers", headers: ["Idempotency-Key": "k"]).body != first.body)
        }
    }
}
