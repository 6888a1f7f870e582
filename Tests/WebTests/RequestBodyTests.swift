import MirrorStore
import Testing

@Suite(.timeLimit(.minutes(10))) struct RequestBodyTests {
    private static let limit = 1 << 20
    private static let head = "POST /webhooks/stripe HTTP/1.1\r\nHost: portald.test\r\n"

    /// Whether the listener still answers.
    private func expectHealth(_ api: RunningAPI) async throws {
        #expect(try await api.send("GET", "/healthz").status == 200)
    }

    @Test func refusesALengthAboveTheLimitBeforeTheBodyComes() async throws {
        try await RunningAPI.run { api in
            try await RawConnection.open(to: api.address) { connection in
                try await connection.send(Self.head + "Content-Length: \(Self.limit + 1)\r\n\r\n")
                let reply = try await connection.reply()
                #expect(reply.status == 413)
                #expect(try reply.code() == "body_too_large")
                #expect(try reply.message()?.contains("\(Self.limit)") == true)
            }
            try await expectHealth(api)
        }
    }

    @Test(arguments: [(limit, 400, "signature_header_missing"), (limit + 1, 413, "body_too_large")])
    func countsTheBytesThatCome(_ length: Int, status: Int, code: String) async throws {
        try await RunningAPI.run { api in
            let body = String(repeating: "x", count: length)
            let whole = try await api.send("POST", "/webhooks/stripe", body: body)
            #expect(whole.status == status)
            #expect(try whole.code() == code)

            let half = length / 2
            let chunks = [half, length - half].map { "\(String($0, radix: 16))\r\n\(body.prefix($0))\r\n" }
            let chunked = try await RawConnection.open(to: api.address) { connection in
                try await connection.send(Self.head + "Transfer-Encoding: chunked\r\n\r\n")
                for chunk in chunks { try await connection.send(chunk) }
                try await connection.send("0\r\n\r\n")
                return try await connection.reply()
            }
            #expect(chunked.status == status)
            #expect(try chunked.code() == code)
            try await expectHealth(api)
        }
    }

    @Test func takesAChunkedBody() async throws {
        try await RunningAPI.run { api in
            let event = Events.customerCreated()
            let signature = try RunningAPI.signature(of: event)
            let reply = try await RawConnection.open(to: api.address) { connection in
                try await connection.send(
                    Self.head + "\(signature.name): \(signature.value)\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                for byte in event.prefix(20) { try await connection.send("1\r\n\(byte)\r\n") }
                let rest = event.dropFirst(20)
                try await connection.send("\(String(rest.utf8.count, radix: 16))\r\n\(rest)\r\n0\r\n\r\n")
                return try await connection.reply()
            }
            #expect(reply.body == #"{"received":true,"outcome":"applied"}"#)
        }
    }

    @Test(arguments: [
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", "Transfer-Encoding: chunked\r\n\r\n-1\r\nx",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n", "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "Content-Length: -1\r\n\r\n", "Content-Length: many\r\n\r\n",
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    ])
    func refusesABrokenBody(_ rest: String) async throws {
        try await RunningAPI.run { api in
            let answer = try await RawConnection.open(to: api.address) { connection in
                try await connection.send(Self.head + rest)
                return try await connection.remainder()
            }
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400 "))
            try await expectHealth(api)
        }
    }

    /// What came is signed and an event, but more was announced.
    @Test(arguments: [false, true]) func takesNoPartForTheWhole(isChunked: Bool) async throws {
        try await RunningAPI.run { api in
            let event = Events.customerCreated()
            let signature = try RunningAPI.signature(of: event)
            let length = event.utf8.count
            let answer = try await RawConnection.open(to: api.address) { connection in
                try await connection.send(
                    Self.head + "\(signature.name): \(signature.value)\r\n"
                        + (isChunked
                            ? "Transfer-Encoding: chunked\r\n\r\n\(String(length, radix: 16))\r\n"
                            : "Content-Length: \(length + 1)\r\n\r\n")
                        + event
                )
                connection.closeOutput()
                return try await connection.remainder()
            }
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400 "))
            #expect(try EventLog(store: api.store).entries(.init(limit: 10)).isEmpty)
            try await expectHealth(api)
        }
    }
}
