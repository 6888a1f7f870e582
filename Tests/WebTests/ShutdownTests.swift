import Hummingbird
import NIOCore
import Testing
import Web

@Suite(.timeLimit(.minutes(10))) struct ShutdownTests {
    /// An endpoint that answers when the test lets it.
    private struct Gate: Sendable {
        let arrivals: AsyncStream<Void>
        let open: @Sendable () -> Void
        let endpoint: Endpoint

        init() {
            let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
            let (opening, opened) = AsyncStream.makeStream(of: Never.self)
            self.arrivals = arrivals
            open = { opened.finish() }
            endpoint = .get("/gate") { _, _ in
                arrived.yield()
                for await _ in opening {}
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "through")))
            }
        }

        func arrival() async {
            _ = await arrivals.first { _ in true }
        }
    }

    @Test func finishesWhatIsInFlightAndTakesInNothingNew() async throws {
        let gate = Gate()
        try await RunningAPI.run {
            $0.further = [gate.endpoint]
        } _: { api in
            try await RawConnection.open(to: api.address) { idle in
                try await idle.send(RawRequest().text)
                #expect(try await idle.reply().status == 200)
                try await RawConnection.open(to: api.address) { busy in
                    try await busy.send(RawRequest(target: "/gate").text)
                    await gate.arrival()
                    api.shutDown()
                    #expect(try await idle.remainder().isEmpty)
                    await #expect(throws: (any Error).self) { try await api.send("GET", "/healthz") }
                    gate.open()
                    let reply = try await busy.reply()
                    #expect(reply.status == 200)
                    #expect(reply.body == "through")
                    #expect(try await busy.remainder().isEmpty)
                }
            }
        }
        // That `run` returned shows that the listener did.
    }

    /// A request that has begun to arrive counts as in flight.
    @Test func finishesARequestThatIsStillArriving() async throws {
        try await RunningAPI.run { api in
            let event = Events.customerCreated()
            let signature = try RunningAPI.signature(of: event)
            try await RawConnection.open(to: api.address) { idle in
                try await RawConnection.open(to: api.address) { busy in
                    let text = RawRequest(
                        method: "POST",
                        target: "/webhooks/stripe",
                        headers: [signature],
                        body: event
                    ).text
                    // The reply to a first request shows that the second one's beginning, sent with it, was read.
                    try await busy.send(RawRequest().text + text.dropLast(10))
                    #expect(try await busy.reply().status == 200)
                    try await idle.send(RawRequest().text)
                    #expect(try await idle.reply().status == 200)
                    api.shutDown()
                    #expect(try await idle.remainder().isEmpty)
                    try await busy.send(String(text.suffix(10)))
                    #expect(try await busy.reply().body == #"{"received":true,"outcome":"applied"}"#)
                    #expect(try await busy.remainder().isEmpty)
                }
            }
        }
    }

    @Test func stopsWithoutAnyConnection() async throws {
        try await RunningAPI.run { api in api.shutDown() }
    }
}
