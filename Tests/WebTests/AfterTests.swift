import Stripe
import TestSupport
import Testing

/// Requests that wait for what their user has just done at Stripe.
@Suite(.timeLimit(.minutes(10))) struct AfterTests {
    /// Waits until a request waits: then it sleeps for as long as it may wait.
    private static func somebodyWaits(on clock: ManualClock) async {
        await clock.sleepers(1, within: .seconds(3))
    }

    @Test(
        arguments: [
            ("GET", "/api/subscriptions/user/?after=evt_1", nil), ("GET", "/api/subscriptions/user", "evt_1"),
            ("GET", "/api/subscriptions/user/?after=evt_1&after=evt_1", "evt_1"),
            ("POST", "/api/subscriptions/user/billing-portal/?after=evt_1", nil),
            ("POST", "/api/subscriptions/user/billing-portal", "evt_1"),
        ] as [(String, String, String?)]
    )
    func waitsForTheEvent(method: String, target: String, header: String?) async throws {
        let clock = ManualClock()
        try await RunningAPI.run {
            $0.arrivalClock = clock
        } _: { api in
            var headers = [try await RunningAPI.authorization(of: "alice")]
            if let header { headers.append(("Portald-After", header)) }
            async let reply = api.send(method, target, headers: headers)
            await Self.somebodyWaits(on: clock)
            #expect(try await api.deliver(Events.customerCreated()).status == 200)
            // The customer is there, and has no subscription yet.
            #expect(try await reply.status == (method == "GET" ? 200 : 403))
        }
    }

    @Test func answersAsEverWhatDoesNotCome() async throws {
        try await RunningAPI.run {
            $0.arrivalClock = SteppingClock(step: .zero)
        } _: { api in
            let headers = [try await RunningAPI.authorization(of: "alice")]
            let reply = try await api.send("POST", "/api/subscriptions/user/billing-portal/?after=cs_test_1", headers: headers)
            #expect(try (reply.status, reply.code()) == (404, "customer_not_found"))
        }
    }

    @Test(arguments: [
        ("?after=sub_1", []), ("?after=", []), ("?after=cs_1%20", []), ("", ["in_1"]), ("?after=cs_1", ["cs_2"]),
        ("?after=cs_1&after=cs_2", []), ("", ["cs_1", "evt_1"]),
    ])
    func refusesWhatIsNoId(query: String, headers: [String]) async throws {
        try await RunningAPI.run { api in
            let all = [try await RunningAPI.authorization(of: "alice")] + headers.map { (name: "Portald-After", value: $0) }
            for (method, path) in [("GET", "/api/subscriptions/user/"), ("POST", "/api/subscriptions/user/billing-portal/")] {
                let reply = try await api.send(method, path + query, headers: all)
                #expect(reply.status == 422)
                #expect(try reply.code() == "invalid_parameter")
                #expect(try reply.json()["parameter"]?.string == "after")
            }
            // Who is asking comes first.
            #expect(try await api.send("GET", "/api/subscriptions/user/" + query).status == 401)
        }
    }

    @Test func aShutdownEndsTheWait() async throws {
        let clock = ManualClock()
        try await RunningAPI.run {
            $0.arrivalClock = clock
        } _: { api in
            let headers = [try await RunningAPI.authorization(of: "alice")]
            async let reply = api.send("GET", "/api/subscriptions/user/?after=evt_1", headers: headers)
            await Self.somebodyWaits(on: clock)
            api.shutDown()
            #expect(try await reply.status == 200)
        }
    }
}
