import HTTPTypes
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(10))) struct DeliveryTests {
    private static let secret = "whsec_test"

    private func endpoint(_ url: String, events: [String] = ["*"]) -> WebhookEndpoint {
        WebhookEndpoint(url: url, secrets: [Self.secret], events: events)
    }

    @Test func deliveriesAreSignedAndLaidOutAsStripes() async throws {
        try await withReceiver { receiver, url in
            try await withSandbox({ $0.endpoints = [endpoint(url)] }) { sandbox, _ in
                try sandbox.createCustomer(["name": "Zoë \"Q\"", "metadata": ["k": "line\nbreak"]])
                await sandbox.deliveriesSettled()
                let delivery = try #require(receiver.received.first)
                #expect(delivery.text.hasPrefix("{\n  \"id\": \"evt_"))
                #expect(delivery.text.contains("\n      \"preferred_locales\": [],\n"))
                #expect(delivery.event["pending_webhooks"] == 1)
                #expect(delivery.event.at("data.object.name") == "Zoë \"Q\"")
                #expect(delivery.event.at("data.object.metadata.k") == "line\nbreak")
                #expect(delivery.headers[.userAgent] == "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
                #expect(delivery.headers[.contentType] == "application/json; charset=utf-8")
                let signature = try #require(delivery.headers[HTTPField.Name("Stripe-Signature")!])
                #expect(
                    signature
                        == DeliverySignature.header(
                            payload: Array(delivery.text.utf8),
                            secrets: [Self.secret],
                            timestamp: startOfTests
                        )
                )
                #expect(sandbox.events()[0]["pending_webhooks"] == 0)
            }
        }
    }

    /// The digest was computed with Python's hmac and hashlib.
    @Test func theSignatureIsHMACOfTimeAndBody() {
        let header = DeliverySignature.header(
            payload: Array(#"{"id":"evt_1"}"#.utf8),
            secrets: ["whsec_test", "whsec_old"],
            timestamp: 1_790_000_000
        )
        let parts = header.split(separator: ",")
        #expect(parts.count == 4)
        #expect(parts[0] == "t=1790000000")
        #expect(parts[1] == "v1=e32657f3e678d33b41ec084c16ac0e125d25480a06cb3902286dc5942c6fd259")
        #expect(parts[2] == "v1=9297351e1379fa389d9bb355e57b8c11640949b2c515967418208c369ab2b4aa")
        #expect(parts[3].hasPrefix("v0="))
    }

    @Test func endpointsGetTheTypesTheyWant() async throws {
        try await withReceiver { all, allURL in
            try await withReceiver { some, someURL in
                try await withSandbox { sandbox, _ in
                    try sandbox.addEndpoint(endpoint(allURL))
                    try sandbox.addEndpoint(endpoint(someURL, events: ["customer.updated", "price.*"]))
                    let id = try sandbox.createCustomer()["id"]!.string!
                    try sandbox.updateCustomer(id, ["name": "N"])
                    await sandbox.deliveriesSettled()
                    #expect(all.received.map(\.type) == ["customer.created", "customer.updated"])
                    #expect(some.received.map(\.type) == ["customer.updated"])
                    #expect(sandbox.attempts.count == 3)
                    #expect(sandbox.events().map { $0["pending_webhooks"]! } == [0, 0])
                }
            }
        }
    }

    @Test func withoutFaultsDeliveriesKeepTheirOrder() async throws {
        try await withReceiver { receiver, url in
            try await withSandbox({ $0.endpoints = [endpoint(url)] }) { sandbox, _ in
                for _ in 0..<100 { try sandbox.createCustomer() }
                await sandbox.deliveriesSettled()
                #expect(receiver.received.map(\.id) == sandbox.events().map { $0["id"]!.string! })
            }
        }
    }

    @Test func severalAtATimeAllArrive() async throws {
        try await withReceiver { receiver, url in
            try await withSandbox({
                $0.endpoints = [endpoint(url)]
                $0.concurrentDeliveries = 8
            }) { sandbox, _ in
                for _ in 0..<200 { try sandbox.createCustomer() }
                await sandbox.deliveriesSettled()
                #expect(Set(receiver.received.map(\.id)) == Set(sandbox.events().map { $0["id"]!.string! }))
            }
        }
    }

    @Test func failuresAreTriedAgainWithFreshSignatures() async throws {
        let clock = ManualClock()
        try await withReceiver(answers: [.internalServerError, .found, .badRequest]) { receiver, url in
            try await withSandbox({
                $0.endpoints = [endpoint(url)]
                $0.clock = clock
                $0.now = { startOfTests + Int(clock.now.offset.components.seconds) }
                $0.retryDelays = [.seconds(1), .seconds(2), .seconds(4)]
            }) { sandbox, api in
                try sandbox.createCustomer()
                for delay in [1, 2, 4] {
                    #expect(await clock.nextSleep() == .seconds(delay))
                    #expect(sandbox.events()[0]["pending_webhooks"] == 1)
                    #expect(try await api.get("/v1/events?delivery_success=false").ids.count == 1)
                    #expect(try await api.get("/v1/events?delivery_success=true").ids.isEmpty)
                    var attempts = sandbox.deliveryAttempts().makeAsyncIterator()
                    clock.advance(by: .seconds(delay))
                    _ = await attempts.next()
                }
                #expect(
                    sandbox.attempts.map(\.outcome) == [.answered(500), .answered(302), .answered(400), .answered(200)]
                )
                #expect(sandbox.attempts.map(\.number) == [1, 2, 3, 4])
                let times = receiver.received.map { $0.headers[HTTPField.Name("Stripe-Signature")!]!.prefix(12) }
                #expect(times == [0, 1, 3, 7].map { "t=\(startOfTests + $0)"[...] })
                #expect(Set(receiver.received.map(\.id)).count == 1)
                #expect(try await api.get("/v1/events?delivery_success=true").ids.count == 1)
            }
        }
    }

    @Test func attemptsEndWithTheSchedule() async throws {
        try await withReceiver(answers: [.internalServerError]) { _, url in
            try await withSandbox({
                $0.endpoints = [endpoint(url)]
                $0.retryDelays = []
            }) { sandbox, _ in
                try sandbox.createCustomer()
                await sandbox.deliveriesSettled()
                #expect(sandbox.attempts.map(\.outcome) == [.answered(500)])
                #expect(sandbox.events()[0]["pending_webhooks"] == 1)
            }
        }
    }

    @Test func aFailureHoldsUpNobody() async throws {
        let clock = ManualClock()
        try await withReceiver(answers: [.internalServerError]) { receiver, url in
            try await withSandbox({
                $0.endpoints = [endpoint(url)]
                $0.clock = clock
            }) { sandbox, _ in
                for _ in 0..<3 { try sandbox.createCustomer() }
                await sandbox.deliveriesSettled()
                #expect(sandbox.attempts.map(\.isSuccess) == [false, true, true])
            }
        }
    }

    @Test func aClosedPortIsAFailure() async throws {
        let clock = ManualClock()
        let port = ClosedPort()
        try await withSandbox({
            $0.endpoints = [endpoint("http://127.0.0.1:\(port.number)/hooks")]
            $0.clock = clock
        }) { sandbox, _ in
            try sandbox.createCustomer()
            await sandbox.deliveriesSettled()
            guard case .failed? = sandbox.attempts.first?.outcome else {
                Issue.record("unexpected \(sandbox.attempts)")
                return
            }
            withExtendedLifetime(port) {}
        }
    }

    @Test func silenceTimesOut() async throws {
        // It takes connections and never reads from them.
        let silent = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(silent.localAddress?.port)
        try await withSandbox({
            $0.endpoints = [endpoint("http://127.0.0.1:\(port)/hooks")]
            $0.deliveryTimeout = .milliseconds(50)
            $0.retryDelays = []
        }) { sandbox, _ in
            try sandbox.createCustomer()
            await sandbox.deliveriesSettled()
            #expect(sandbox.attempts.map(\.outcome) == [.timedOut])
        }
        try await silent.close()
    }

    @Test func duplicatesDropsAndTwins() async throws {
        try await withReceiver { receiver, url in
            try await withSandbox({ $0.endpoints = [endpoint(url)] }) { sandbox, api in
                sandbox.inject(EventFault(.duplicate, type: "customer.created"))
                let id = try sandbox.createCustomer()["id"]!.string!
                sandbox.inject(EventFault(.drop))
                try sandbox.updateCustomer(id, ["name": "A"])
                sandbox.inject(EventFault(.twin))
                try sandbox.updateCustomer(id, ["name": "B"])
                await sandbox.deliveriesSettled()
                let ids = sandbox.events().map { $0["id"]!.string! }
                #expect(ids.count == 4)
                #expect(receiver.received.map(\.id) == [ids[0], ids[0], ids[2], ids[3]])
                #expect(sandbox.attempts.filter { $0.outcome == .dropped }.map(\.event) == [ids[1]])
                #expect(try await api.get("/v1/events?delivery_success=false").ids == [ids[1]])
                sandbox.deliver(ids[1])
                await sandbox.deliveriesSettled()
                #expect(receiver.received.last?.id == ids[1])
                #expect(try await api.get("/v1/events?delivery_success=false").ids.isEmpty)
            }
        }
    }

    @Test func reorderedDeliveriesComeInAnotherOrder() async throws {
        try await withReceiver { receiver, url in
            try await withSandbox({ $0.endpoints = [endpoint(url)] }) { sandbox, _ in
                sandbox.inject(EventFault(.reorder(window: 4), frequency: .next(6)))
                for _ in 0..<4 { try sandbox.createCustomer() }
                await sandbox.deliveriesSettled()
                let ids = sandbox.events().map { $0["id"]!.string! }
                #expect(receiver.received.map(\.id) != ids)
                #expect(Set(receiver.received.map(\.id)) == Set(ids))
                for _ in 0..<3 { try sandbox.createCustomer() }
                await sandbox.deliveriesSettled()
                #expect(receiver.received.count == 5)
                sandbox.releaseDeliveries()
                await sandbox.deliveriesSettled()
                let late = sandbox.events().suffix(3).map { $0["id"]!.string! }
                #expect(receiver.received.suffix(3).map(\.id) == [late[2], late[1], late[0]])
            }
        }
    }

    @Test func delayedDeliveriesComeLater() async throws {
        let clock = ManualClock()
        try await withReceiver { receiver, url in
            try await withSandbox({
                $0.endpoints = [endpoint(url)]
                $0.clock = clock
            }) { sandbox, _ in
                sandbox.inject(EventFault(.delay(.seconds(3))))
                for _ in 0..<2 { try sandbox.createCustomer() }
                #expect(await clock.nextSleep() == .seconds(3))
                await sandbox.deliveriesSettled()
                let ids = sandbox.events().map { $0["id"]!.string! }
                #expect(receiver.received.map(\.id) == [ids[1]])
                var deliveries = receiver.deliveries.makeAsyncIterator()
                _ = await deliveries.next()
                clock.advance(by: .seconds(3))
                #expect(await deliveries.next()?.id == ids[0])
            }
        }
    }

    @Test func aResetForgetsDeliveriesOnTheirWay() async throws {
        let clock = ManualClock()
        try await withReceiver(answers: [.internalServerError]) { receiver, url in
            try await withSandbox({
                $0.endpoints = [endpoint(url)]
                $0.clock = clock
            }) { sandbox, api in
                try sandbox.createCustomer()
                _ = await clock.nextSleep()
                sandbox.reset()
                clock.advance(by: .seconds(1))
                try sandbox.createCustomer()
                await sandbox.deliveriesSettled()
                #expect(receiver.received.count == 2)
                #expect(receiver.received[1].id == sandbox.events()[0]["id"]!.string!)
                let log = try await api.get("/_sandbox/deliveries")
                #expect(log.body.at("deliveries.0.status") == 200)
                #expect(log.body.at("deliveries")?.array?.count == 1)
            }
        }
    }

    @Test(arguments: ["https://example.org/", "http://", "http://u@h/", "http://h:0/", "http://h:x/", "/hooks"])
    func badEndpointsAreRefused(url: String) {
        #expect(throws: SandboxError.invalidEndpoint(url)) { try EndpointURL(url) }
    }

    @Test func endpointURLs() throws {
        let full = try EndpointURL("http://localhost:8080/a/b?c=d#e")
        #expect((full.host, full.port, full.target) == ("localhost", 8080, "/a/b?c=d"))
        let bare = try EndpointURL("http://[::1]")
        #expect((bare.host, bare.port, bare.target) == ("::1", 80, "/"))
    }
}
