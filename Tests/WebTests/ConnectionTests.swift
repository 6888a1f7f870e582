import Testing

@Suite(.timeLimit(.minutes(10))) struct ConnectionTests {
    @Test func answersPipelinedRequestsInOrder() async throws {
        let requests = [
            RawRequest(), RawRequest(target: "/nowhere"), RawRequest(method: "HEAD"),
            RawRequest(method: "POST", target: "/webhooks/stripe", body: "{}"), RawRequest(method: "DELETE"),
            RawRequest(method: "OPTIONS"), RawRequest(target: "/api/subscriptions/config"),
        ]
        try await RunningAPI.run { api in
            let statuses = try await RawConnection.open(to: api.address) { connection in
                try await connection.send(requests.map(\.text).joined())
                var statuses: [Int] = []
                for request in requests { statuses.append(try await connection.reply(to: request.method).status) }
                return statuses
            }
            #expect(statuses == [200, 404, 200, 400, 405, 204, 200])
        }
    }

    @Test func answersAClientThatHasSaidAll() async throws {
        try await RunningAPI.run { api in
            let event = Events.customerCreated()
            let request = RawRequest(
                method: "POST",
                target: "/webhooks/stripe",
                headers: [try RunningAPI.signature(of: event)],
                body: event
            )
            let (reply, rest) = try await RawConnection.open(to: api.address) { connection in
                try await connection.send(request.text)
                connection.closeOutput()
                return (try await connection.reply(), try await connection.remainder())
            }
            #expect(reply.body == #"{"received":true,"outcome":"applied"}"#)
            #expect(rest.isEmpty)
        }
    }

    @Test func closesWhereTheClientAsksForIt() async throws {
        try await RunningAPI.run { api in
            let (reply, rest) = try await RawConnection.open(to: api.address) { connection in
                try await connection.send(RawRequest(headers: [("Connection", "close")]).text)
                return (try await connection.reply(), try await connection.remainder())
            }
            #expect(reply.status == 200)
            #expect(rest.isEmpty)
        }
    }

    @Test func takesAHeadByteForByte() async throws {
        try await RunningAPI.run { api in
            let reply = try await RawConnection.open(to: api.address) { connection in
                for byte in RawRequest().text { try await connection.send(String(byte)) }
                return try await connection.reply()
            }
            #expect(reply.status == 200)
        }
    }

    @Test(arguments: [
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "NONSENSE / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header: x\r\n\r\n", "GET / HTTP/1.1\r\nX: a\u{0}b\r\n\r\n",
    ])
    func refusesWhatIsNoRequest(_ text: String) async throws {
        try await RunningAPI.run { api in
            let answer = try await RawConnection.open(to: api.address) { connection in
                try await connection.send(text)
                return try await connection.remainder()
            }
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400 "))
            #expect(try await api.send("GET", "/healthz").status == 200)
        }
    }

    @Test func datesEveryReply() async throws {
        try await RunningAPI.run { api in
            for target in ["/healthz", "/nowhere", "/api/subscriptions/user"] {
                let date = try #require(try await api.send("GET", target).header("Date"))
                let form = /(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/
                #expect(date.wholeMatch(of: form) != nil)
            }
        }
    }
}
