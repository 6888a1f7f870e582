import Foundation
import StripeClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct CurlTransportTests {
    /// Far longer than anything here takes: where a time-out is not the subject, none is met.
    static let plenty: Duration = .seconds(50)

    func get(_ url: String, timeout: Duration = plenty) throws -> CurlTransport.Request {
        .init(.get, try EndpointURL(url), timeout: timeout)
    }

    @Test func sendsAndReceivesWhatItShould() async throws {
        let reply = RawServer.reply(402, ["Request-Id": "req_1", "X-Empty": ""], "{\"a\":1}")
        try await RawServer.run({ _ in .send(reply) }) { server in
            let transport = try CurlTransport()
            let request = CurlTransport.Request(
                .post("a=1&b=ü"),
                try EndpointURL(server.url + "/v1/things"),
                headers: [.init("X-One", "1"), .init("X-None", ""), .init("Content-Type", "text/plain")],
                timeout: Self.plenty
            )
            let received = try await transport.send(request)
            #expect(received.status == 402)
            #expect(received.header("request-id") == "req_1")
            #expect(received.header("X-Empty") == "")
            #expect(received.header("absent") == nil)
            #expect(String(decoding: received.body, as: UTF8.self) == "{\"a\":1}")

            let sent = try #require(server.received.first)
            #expect(sent.requestLine == "POST /v1/things HTTP/1.1")
            #expect(sent.header("X-One") == "1")
            #expect(sent.header("X-None") == "")
            #expect(sent.header("Content-Type") == "text/plain")
            #expect(sent.header("Content-Length") == "8")
            #expect(sent.header("Expect") == nil)
            #expect(sent.body == "a=1&b=ü")
        }
    }

    @Test func anEmptyBodyIsABody() async throws {
        try await RawServer.run({ _ in .send(RawServer.reply(204)) }) { server in
            let transport = try CurlTransport()
            let request = CurlTransport.Request(.post(""), try EndpointURL(server.url), timeout: Self.plenty)
            #expect(try await transport.send(request).status == 204)
            #expect(server.received.first?.requestLine == "POST / HTTP/1.1")
            #expect(server.received.first?.header("Content-Length") == "0")
        }
    }

    @Test func interimRepliesAreNotTheReply() async throws {
        let early = "HTTP/1.1 103 Early Hints\r\nX-Interim: 1\r\n\r\n"
        try await RawServer.run({ _ in .send(early + RawServer.reply(200, ["X-Final": "1"])) }) { server in
            let transport = try CurlTransport()
            let reply = try await transport.send(try get(server.url))
            #expect(reply.status == 200)
            #expect(reply.header("X-Final") == "1")
            #expect(reply.header("X-Interim") == nil)
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func aRedirectIsAReply(status: Int) async throws {
        try await RawServer.run({ _ in .send(RawServer.reply(status, ["Location": "/elsewhere"])) }) { server in
            let transport = try CurlTransport()
            #expect(try await transport.send(try get(server.url)).status == status)
            #expect(server.received.count == 1)
        }
    }

    @Test(arguments: [
        RawServer.Answer.reset,
        .sendAndClose(""),
        .sendAndClose("HTTP/1.1 200 OK\r\nContent-Le"),
        .sendAndClose("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
        .sendAndReset("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
        .sendAndClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nonly "),
    ])
    func aBrokenConnectionIsNoReply(answer: RawServer.Answer) async throws {
        try await RawServer.run({ _ in answer }) { server in
            let transport = try CurlTransport()
            let error = try await failure(of: try get(server.url), on: transport)
            guard case .connectionFailed = error.reason else {
                Issue.record("\(error)")
                return
            }
            #expect(error.requestMayHaveArrived)
        }
    }

    @Test(arguments: ["SMTP ready\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"])
    func whatIsNotHTTPIsNoReply(text: String) async throws {
        try await RawServer.run({ _ in .sendAndClose(text) }) { server in
            let transport = try CurlTransport()
            let error = try await failure(of: try get(server.url), on: transport)
            guard case .malformedReply = error.reason else {
                Issue.record("\(error)")
                return
            }
            #expect(error.requestMayHaveArrived)
        }
    }

    @Test(arguments: [true, false])
    func aBodyMayBeAsLongAsTheLimitAndNoLonger(isChunked: Bool) async throws {
        func reply(_ length: Int) -> String {
            let body = String(repeating: "x", count: length)
            guard isChunked else { return RawServer.reply(200, [:], body) }
            return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "\(String(length, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
        }
        let answers = [reply(100_000), reply(100_001)]
        try await RawServer.run({ .send(answers[$0.index]) }) { server in
            let transport = try CurlTransport(.init(bodyLimit: 100_000))
            #expect(try await transport.send(try get(server.url)).body.count == 100_000)
            let error = try await failure(of: try get(server.url), on: transport)
            #expect(error.reason == .bodyTooLarge(limit: 100_000))
            #expect(error.requestMayHaveArrived)
        }
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
    func aSlowReplyMeetsTheTotalTimeOut(begun: String) async throws {
        try await RawServer.run({ _ in begun.isEmpty ? .silence : .send(begun) }) { server in
            let transport = try CurlTransport()
            let error = try await failure(of: try get(server.url, timeout: .milliseconds(200)), on: transport)
            // On a machine so slow that 200 ms do not suffice to connect, the phase would be the other one.
            #expect(
                error.reason == .timedOut(.total) || (server.received.isEmpty && error.reason == .timedOut(.connect))
            )
            #expect(error.requestMayHaveArrived == (error.reason == .timedOut(.total)))
        }
    }

    @Test func aSilentHandshakeMeetsTheConnectTimeOut() async throws {
        try await RawServer.run({ _ in .silence }) { server in
            let transport = try CurlTransport()
            let url = try EndpointURL("https" + server.url.dropFirst("http".count))
            let request = CurlTransport.Request(
                .get,
                url,
                timeout: Self.plenty,
                connectTimeout: .milliseconds(50)
            )
            let error = try await failure(of: request, on: transport)
            #expect(error.reason == .timedOut(.connect))
            #expect(!error.requestMayHaveArrived)
        }
    }

    @Test func nobodyThere() async throws {
        let port = ClosedPort()
        let transport = try CurlTransport()
        let error = try await failure(of: try get("http://127.0.0.1:\(port.number)"), on: transport)
        withExtendedLifetime(port) {}
        guard case .connectionFailed(let detail) = error.reason else {
            Issue.record("\(error)")
            return
        }
        #expect(!detail.contains("127.0.0.1"))
        #expect(!error.requestMayHaveArrived)
    }

    @Test func callsOneAfterTheOtherShareAConnection() async throws {
        try await RawServer.run({ .send(RawServer.reply(200, [:], String($0.index))) }) { server in
            let transport = try CurlTransport()
            for index in 0..<20 {
                let reply = try await transport.send(try get(server.url))
                #expect(String(decoding: reply.body, as: UTF8.self) == String(index))
            }
            #expect(server.connections == 1)
        }
    }

    @Test func aConnectionClosedByTheServerIsReplaced() async throws {
        try await RawServer.run({ _ in .sendAndClose(RawServer.reply(200)) }) { server in
            let transport = try CurlTransport()
            for _ in 0..<5 {
                #expect(try await transport.send(try get(server.url)).status == 200)
            }
            #expect(server.connections == 5)
        }
    }

    @Test func twoHundredCallsAtOnce() async throws {
        // Nobody is answered before all have asked.
        let barrier = Barrier(200)
        let script: RawServer.Script = { request in
            await barrier.arrive()
            return .send(RawServer.reply(200, [:], request.requestLine))
        }
        try await RawServer.run(script) { server in
            let transport = try CurlTransport()
            let base = server.url
            try await withThrowingTaskGroup { group in
                for index in 0..<200 {
                    group.addTask {
                        let reply = try await transport.send(try get("\(base)/\(index)"))
                        #expect(String(decoding: reply.body, as: UTF8.self) == "GET /\(index) HTTP/1.1")
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.received.count == 200)
        }
    }

    @Test(arguments: [
        CurlTransport.Header("X-A", "1\r\nX-B: 2"), .init("X-A", "1\nX-B: 2"), .init("X-A", "a\0b"), .init("X A", "1"),
        .init("X-A:", "1"), .init("", "1"), .init("X-A\r\nX-B", "1"), .init("X-Ä", "1"),
    ])
    func aHeaderCannotAddAnother(header: CurlTransport.Header) async throws {
        try await RawServer.run({ _ in .send(RawServer.reply(200)) }) { server in
            let transport = try CurlTransport()
            var request = try get(server.url)
            request.headers = [header]
            let error = try await failure(of: request, on: transport)
            guard case .invalidRequest(let detail) = error.reason else {
                Issue.record("\(error)")
                return
            }
            #expect(!detail.contains("1"))
            #expect(server.received.isEmpty)
        }
    }

    @Test func noProxyForThisMachine() async throws {
        // In a process of its own, because the environment belongs to all of it.
        await #expect(processExitsWith: .success) {
            try await RawServer.run({ _ in .send(RawServer.reply(200, [:], "proxy")) }) { proxy in
                for name in ["http_proxy", "all_proxy", "ALL_PROXY"] { setenv(name, proxy.url, 1) }
                try await RawServer.run({ _ in .send(RawServer.reply(200, [:], "server")) }) { server in
                    let transport = try CurlTransport()
                    let request = CurlTransport.Request(.get, try EndpointURL(server.url), timeout: .seconds(50))
                    let reply = try await transport.send(request)
                    try #require(String(decoding: reply.body, as: UTF8.self) == "server")
                    try #require(proxy.connections == 0)
                }
            }
        }
    }
}

/// The error that a request must end with.
func failure(of request: CurlTransport.Request, on transport: CurlTransport) async throws -> TransportError {
    try await #require(throws: TransportError.self) { _ = try await transport.send(request) }
}
