import Logging
import MirrorStore
import Sandbox
import ServiceLifecycle
import Stripe
import StripeClient
import TestSupport
import Testing

@testable import Sync

/// What becomes of the endpoint at Stripe is seen, said once, and followed by a sweep once events come again.
@Suite(.timeLimit(.minutes(10))) struct EndpointWatchTests {
    static let url = "http://127.0.0.1:9/webhooks/stripe"

    func watch(_ account: MirroredAccount, url: String? = url) -> EndpointWatch {
        EndpointWatch(
            expected: ExpectedEndpoint(
                url: url,
                livemode: false,
                apiVersion: MirroredAccount.apiVersion,
                types: Sweeper.types
            ),
            client: account.client,
            log: EndpointLog(store: account.store),
            interval: .seconds(60),
            now: account.now,
            clock: account.time,
            logger: account.capture.logger
        )
    }

    @discardableResult
    func addEndpoint(
        _ account: MirroredAccount,
        events: [String] = Sweeper.types,
        version: String? = MirroredAccount.apiVersion
    ) throws -> String {
        try account.sandbox.addEndpoint(
            WebhookEndpoint(url: Self.url, secrets: ["whsec_1"], events: events, apiVersion: version)
        )
    }

    /// What is wrong with the endpoint, as it was kept.
    func faults(_ account: MirroredAccount) async throws -> [EndpointFault.Kind]? {
        try await EndpointLog(store: account.store).state()?.faults.map(\.kind)
    }

    func isSweepRequested(_ account: MirroredAccount) async throws -> Bool {
        try await account.log.sweeps().isRequested
    }

    /// Runs the watch beside a body, until it is shut down gracefully.
    func running(_ watch: EndpointWatch, _ body: @Sendable () async throws -> Void) async throws {
        let group = ServiceGroup(services: [watch], logger: LogCapture().logger)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func seesEachFault() async throws {
        try await MirroredAccount.run { account in
            let watch = watch(account)
            func seen() async throws -> [EndpointFault] { try await watch.look(for: Self.url).now.faults }
            #expect(try await seen().map(\.kind) == [.missing])
            let id = try addEndpoint(account)
            #expect(try await seen().isEmpty)
            try account.sandbox.setEndpoint(id, enabled: false)
            #expect(try await seen().map(\.kind) == [.disabled])
            let other = try addEndpoint(account, events: ["customer.created"], version: "2019-12-03")
            #expect(try await seen().map(\.kind) == [.eventTypes, .apiVersion])
            #expect(try await seen().map(\.details) == [Sweeper.types.filter { $0 != "customer.created" }, ["2019-12-03"]])
            try account.sandbox.setEndpoint(id, enabled: true)
            let faults = try await seen()
            #expect(faults.map(\.kind) == [.duplicate])
            #expect(Set(faults.flatMap(\.details)) == [id, other])
        }
    }

    @Test func aSweepFollowsOnceEventsComeAgain() async throws {
        try await MirroredAccount.run { account in
            let watch = watch(account)
            let id = try addEndpoint(account)
            _ = try await watch.look(for: Self.url)
            try account.sandbox.setEndpoint(id, enabled: false)
            account.time.advance(by: 60)
            let (before, now) = try await watch.look(for: Self.url)
            #expect(before?.losesEvents == false && now.losesEvents)
            account.time.advance(by: 60)
            #expect(try await watch.look(for: Self.url).before?.since == account.time.unix - 60)
            #expect(try await !isSweepRequested(account))
            try account.sandbox.setEndpoint(id, enabled: true)
            // As after a restart: what was seen before is in the file.
            _ = try await self.watch(account).look(for: Self.url)
            #expect(try await isSweepRequested(account))
            try await account.log.clearSweepRequest()
            _ = try await watch.look(for: Self.url)
            #expect(try await !isSweepRequested(account))
        }
    }

    /// What merely costs calls has lost nothing, and another address' past is not this one's.
    @Test func noSweepWithoutALoss() async throws {
        try await MirroredAccount.run { account in
            let watch = watch(account)
            _ = try await watch.look(for: "https://old.example/webhooks/stripe")
            let id = try addEndpoint(account, version: "2019-12-03")
            #expect(try await watch.look(for: Self.url).before == nil)
            #expect(try await faults(account) == [.apiVersion])
            try account.sandbox.setEndpoint(id, enabled: false)
            try addEndpoint(account)
            _ = try await watch.look(for: Self.url)
            #expect(try await faults(account) == [])
            #expect(try await !isSweepRequested(account))
        }
    }

    @Test func saysEachThingOnce() async throws {
        try await MirroredAccount.run { account in
            let id = try addEndpoint(account)
            try await running(watch(account)) {
                func next(_ count: Int) async throws {
                    for _ in 0..<count {
                        let looks = account.calls("GET /v1/webhook_endpoints")
                        account.time.advance(by: 60)
                        await until { account.calls("GET /v1/webhook_endpoints") == looks + 1 }
                        await until { account.time.sleepers == 1 }
                    }
                }
                await until { account.time.sleepers == 1 }
                #expect(account.calls("GET /v1/webhook_endpoints") == 1)
                #expect(account.capture.entries.isEmpty)
                try account.sandbox.setEndpoint(id, enabled: false)
                try await next(3)
                #expect(account.capture.entries.map(\.level) == [.warning])
                #expect(account.capture.entries.last?.fields == ["endpoint": id, "faults": "disabled"])
                try account.sandbox.setEndpoint(id, enabled: true)
                try await next(2)
                #expect(account.capture.entries.map(\.level) == [.warning, .notice])
            }
        }
    }

    /// Whoever reads the log since the start finds it there too.
    @Test func saysItAgainAfterARestart() async throws {
        try await MirroredAccount.run { account in
            for _ in 0..<2 {
                try await running(watch(account)) { await until { account.time.sleepers == 1 } }
            }
            #expect(account.capture.entries.map { $0.fields["faults"] } == ["missing", "missing"])
            try addEndpoint(account)
            try await running(watch(account)) { await until { account.time.sleepers == 1 } }
            #expect(account.capture.entries.map(\.level) == [.warning, .warning, .notice])
            #expect(try await isSweepRequested(account))
        }
    }

    @Test func aKeyThatMayNotLookTurnsItOff() async throws {
        let key = "rk_test_1"
        try await MirroredAccount.run(key: key) { account in
            let log = EndpointLog(store: account.store)
            let old = EndpointState(url: Self.url, endpoint: nil, faults: [EndpointFault(.missing)], since: 1, checkedAt: 1)
            _ = try await log.save(old)
            account.sandbox.setRestrictedKey(key, permissions: ["rak_customer_read"])
            try await running(watch(account)) {
                try await until { try await log.state() == nil }
            }
            #expect(account.capture.entries.count == 1)
            #expect(account.capture.complaints.first?.message.contains("Webhook Endpoints: Read") == true)
            #expect(account.capture.complaints.first?.fields["permission"] == "rak_webhook_read")
            #expect(account.calls("GET /v1/webhook_endpoints") == 1)
        }
    }

    @Test func withoutAnAddressNobodyAsks() async throws {
        try await MirroredAccount.run { account in
            let log = EndpointLog(store: account.store)
            let old = EndpointState(url: Self.url, endpoint: nil, faults: [], since: 1, checkedAt: 1)
            _ = try await log.save(old)
            try await running(watch(account, url: nil)) {
                try await until { try await log.state() == nil }
            }
            #expect(account.sandbox.apiCalls.isEmpty && account.capture.entries.isEmpty)
        }
    }

    /// What Stripe does not answer is no news of the endpoint, and the sweeps tell of it.
    @Test(arguments: [(503, 0), (400, 1)]) func whatCannotBeSeenStaysAsItWas(status: Int, lines: Int) async throws {
        try await MirroredAccount.run { account in
            try addEndpoint(account)
            _ = try await watch(account).look(for: Self.url)
            account.sandbox.inject(APIFault(.status(status), path: "/v1/webhook_endpoints", frequency: .next(2)))
            try await running(watch(account)) {
                for looks in 1...3 {
                    await until { account.time.sleepers == 1 }
                    #expect(account.capture.complaints.count == lines)
                    if looks < 3 {
                        let naps = account.time.naps.count
                        account.time.advance(by: 60)
                        await until { account.time.naps.count > naps }
                    }
                }
            }
            #expect(try await faults(account) == [])
            #expect(account.capture.entries.count == lines)
        }
    }
}
