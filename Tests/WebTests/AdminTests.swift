import MirrorStore
import Stripe
import TestSupport
import Testing
import Web

@Suite(.timeLimit(.minutes(10))) struct AdminTests {
    static let now: Double = 1_700_000_000

    @Test func isReadyOnceTheMirrorIsFilled() async throws {
        try await RunningAPI.run {
            $0.isFilled = false
        } _: { api in
            let log = SyncLog(store: api.store)
            let empty = try await api.readiness()
            #expect(empty.status == 503)
            #expect(
                empty.body == """
                    not ready: backfill, sweep
                    store: ready, readable and writable
                    backfill: not ready, has not begun
                    sweep: not ready, none has finished yet

                    """
            )
            #expect(empty.header("Cache-Control") == "no-store")
            #expect(empty.header("Content-Type") == "text/plain; charset=utf-8")

            var pass = try await log.beginPass(.backfill, at: 0, date: 0)
            pass.customers = 1200
            try await log.save(pass)
            let begun = try await api.readiness()
            #expect(begun.status == 503)
            #expect(begun.body.contains("backfill: not ready, 1200 customers and 0 subscriptions so far\n"))

            try await log.finish(pass, at: 0)
            try await log.markSwept(to: 0, at: Self.now - 3600)
            let full = try await api.readiness()
            #expect(full.status == 200)
            #expect(
                full.body == """
                    ready
                    store: ready, readable and writable
                    backfill: ready, finished
                    sweep: ready, the last finished 3600 s ago

                    """
            )

            // A second backfill, after an outage, fills a mirror that goes on answering.
            _ = try await log.beginPass(.backfill, at: 0, date: 0)
            #expect(try await api.readiness().status == 200)
        }
    }

    @Test func namesWhatIsNotReady() async throws {
        try await RunningAPI.run { api in
            let log = SyncLog(store: api.store)
            try await log.markSwept(to: 0, at: Self.now - 3601)
            let late = try await api.readiness()
            #expect(late.status == 503)
            #expect(late.body.hasPrefix("not ready: sweep\n"))
            #expect(late.body.hasSuffix("sweep: not ready, the last finished 3601 s ago, more than 3600 s\n"))
            // A longer interval has a longer limit.
            #expect(try await api.readiness(sweepInterval: 600).status == 200)
        }
    }

    @Test func saysTheSameInJSON() async throws {
        try await RunningAPI.run { api in
            try await SyncLog(store: api.store).markSwept(to: 0, at: Self.now)
            let ready = try await api.readiness(accept: "application/json")
            #expect(ready.header("Content-Type") == "application/json")
            #expect(
                ready.body
                    == #"{"checks":[{"detail":"readable and writable","name":"store","ready":true},"#
                    + #"{"detail":"finished","name":"backfill","ready":true},"#
                    + #"{"detail":"the last finished 0 s ago","name":"sweep","ready":true}],"failing":[],"ready":true}"#
            )
            try api.store.close()
            let closed = try await api.readiness(accept: "text/html, application/json;q=0.9")
            #expect(closed.status == 503)
            let body = try closed.json()
            #expect(body["ready"]?.bool == false)
            #expect(body["failing"]?.elements?.map(\.string) == ["store"])
            #expect(body["checks"]?.elements?.first?["name"]?.string == "store")
            #expect(body["checks"]?.elements?.first?["ready"]?.bool == false)
        }
    }

    @Test func answersNothingElse() async throws {
        try await RunningAPI.run { api async throws in
            #expect(try await api.readiness(method: "POST").status == 405)
            #expect(try await api.readiness(method: "HEAD").body.isEmpty)
            for path in ["/healthz", "/webhooks/stripe", "/api/subscriptions/config", "/metrics"] {
                #expect(try await api.admin("GET", path).status == 404, "\(path)")
            }
            // The public listener has no such path.
            #expect(try await api.send("GET", "/readyz").status == 404)
        }
    }
}

extension RunningAPI {
    fileprivate func readiness(
        method: String = "GET",
        accept: String = "*/*",
        sweepInterval: Int64 = 300
    ) async throws -> Reply {
        try await admin(method, "/readyz", headers: [("Accept", accept)], sweepInterval: sweepInterval)
    }

    /// Sends a request to an admin listener that runs for the time of the request.
    func admin(
        _ method: String,
        _ target: String,
        host: String = RawRequest.host,
        headers: [(name: String, value: String)] = [],
        sweepInterval: Int64 = 300
    ) async throws -> Reply {
        let (addresses, bound) = AsyncStream.makeStream(of: ListenAddress.self)
        let listener = HTTPListener(
            socket: .address(ListenAddress(host: "127.0.0.1", port: 0)),
            responder: try AdminAPI(store: store, sweepInterval: sweepInterval) { AdminTests.now }.buildResponder(),
            logger: log.logger,
            onListening: { bound.yield($0) }
        )
        return try await withThrowingTaskGroup { group in
            group.addTask { try await listener.run() }
            let address = try #require(await addresses.first { _ in true })
            let reply = try await RawConnection.open(to: address) { connection in
                try await connection.send(RawRequest(method: method, target: target, host: host, headers: headers).text)
                return try await connection.reply(to: method)
            }
            group.cancelAll()
            return reply
        }
    }
}
