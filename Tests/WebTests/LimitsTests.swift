import Testing

/// No test here needs anything to be fast: what is expected is that the server closes, however long that takes.
@Suite(.timeLimit(.minutes(10))) struct LimitsTests {
    @Test func refusesLargeHeaders() async throws {
        try await RunningAPI.run {
            $0.headerBytes = 512
        } _: { api in
            let large = String(repeating: "x", count: 600)
            let several = (0..<6).map { (name: "X-\($0)", value: String(large.prefix(100))) }
            for headers in [[(name: "X", value: large)], several] {
                let answer = try await RawConnection.open(to: api.address) { connection in
                    try await connection.send(RawRequest(headers: headers).text)
                    return try await connection.remainder()
                }
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"))
                #expect(try await api.send("GET", "/healthz").status == 200)
            }
            let fitting = Array(several.prefix(3))
            #expect(try await api.send("GET", "/healthz", headers: fitting).status == 200)
        }
    }

    /// Nothing is kept of a head that never ends.
    @Test func refusesAnEndlessHead() async throws {
        try await RunningAPI.run {
            $0.headerBytes = 512
        } _: { api in
            for beginning in ["GET /", "GET / HTTP/1.1\r\nX: "] {
                let answer = try await RawConnection.open(to: api.address) { connection in
                    try await connection.send(beginning + String(repeating: "x", count: 4096))
                    return try await connection.remainder()
                }
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"))
            }
            #expect(try await api.send("GET", "/healthz").status == 200)
        }
    }

    @Test func refusesManyHeaders() async throws {
        try await RunningAPI.run {
            $0.headerCount = 8
        } _: { api in
            let headers = (0..<9).map { (name: "X-\($0)", value: "x") }
            let answer = try await RawConnection.open(to: api.address) { connection in
                try await connection.send(RawRequest(headers: headers).text)
                return try await connection.remainder()
            }
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"))
            #expect(try await api.send("GET", "/healthz", headers: Array(headers.prefix(7))).status == 200)
        }
    }

    @Test(arguments: ["Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"])
    func closesOnABodyThatDoesNotArrive(_ rest: String) async throws {
        try await RunningAPI.run {
            $0.request = .milliseconds(50)
        } _: { api in
            let answer = try await RawConnection.open(to: api.address) { connection in
                try await connection.send("POST /webhooks/stripe HTTP/1.1\r\nHost: portald.test\r\n" + rest)
                return try await connection.remainder()
            }
            #expect(!answer.hasPrefix("HTTP/1.1 2"))
            #expect(try await api.send("GET", "/healthz").status == 200)
        }
    }

    /// The limit is one for the whole request: each byte does not begin it anew.
    @Test func closesOnABodyThatArrivesSlowly() async throws {
        try await RunningAPI.run {
            $0.request = .milliseconds(200)
        } _: { api in
            try await RawConnection.open(to: api.address) { connection in
                try await connection.send(
                    "POST /webhooks/stripe HTTP/1.1\r\nHost: portald.test\r\nContent-Length: 1000000\r\n\r\n"
                )
                await #expect(throws: (any Error).self) {
                    while true {
                        try await connection.send("x")
                        // The slowness that is tested; without it the client's bytes would fill the loop that both share.
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
            }
            #expect(try await api.send("GET", "/healthz").status == 200)
        }
    }

    @Test(arguments: ["", "GET /healthz HTTP/1.1\r\nHost: portald", RawRequest().text])
    func closesAnIdleConnection(_ text: String) async throws {
        try await RunningAPI.run {
            $0.idle = .milliseconds(50)
        } _: { api in
            let answer = try await RawConnection.open(to: api.address) { connection in
                if !text.isEmpty { try await connection.send(text) }
                return try await connection.remainder()
            }
            #expect(answer.isEmpty || (text.hasSuffix("\r\n\r\n") && answer.hasPrefix("HTTP/1.1 200 ")))
        }
    }
}
