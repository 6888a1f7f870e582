import Testing

@Suite(.timeLimit(.minutes(10))) struct CORSTests {
    private static let requests = [
        RawRequest(),
        RawRequest(target: "/nowhere"),
        RawRequest(method: "PUT"),
        RawRequest(method: "PROPFIND"),
        RawRequest(target: "/api/subscriptions/user/"),
        RawRequest(method: "POST", target: "/api/subscriptions/user/billing-portal/", body: "{}"),
        RawRequest(method: "POST", target: "/webhooks/stripe", body: "{}"),
        RawRequest(method: "OPTIONS", target: "/api/subscriptions/user/"),
        RawRequest(method: "OPTIONS", target: "/nowhere"),
    ]

    @Test(arguments: requests)
    func letsTheFrontendRead(_ request: RawRequest) async throws {
        try await RunningAPI.run { api in
            var request = request
            request.headers.append(("Origin", RunningAPI.frontend))
            let reply = try await api.send(request)
            #expect(reply.header("Access-Control-Allow-Origin") == RunningAPI.frontend)
            #expect(reply.header("Access-Control-Allow-Credentials") == nil)
            #expect(reply.header("Access-Control-Expose-Headers") == "Retry-After, Portald-Mirror-Age, Portald-Mirror-Lag, Portald-Request-Id")
            #expect(reply.header("Vary") == "Origin")
        }
    }

    @Test func letsCookiesComeWhereTheyCount() async throws {
        try await RunningAPI.run { configuration in
            configuration.sessionCookie = "session"
        } _: { api async throws in
            for var request in Self.requests {
                request.headers.append(("Origin", RunningAPI.frontend))
                #expect(try await api.send(request).header("Access-Control-Allow-Credentials") == "true")
                request.headers[request.headers.count - 1].value = "https://evil.example"
                #expect(try await api.send(request).header("Access-Control-Allow-Credentials") == nil)
            }
        }
    }

    @Test(arguments: requests)
    func letsNobodyElseRead(_ request: RawRequest) async throws {
        let foreign = [
            "https://evil.example", "null", "*", "", "https://app.example.com.evil.example", "http://app.example.com",
            "https://app.example.com:8443", "https://APP.example.com", "https://app.example.com/",
            "https://app.example.com, https://evil.example",
        ]
        try await RunningAPI.run { api in
            for origin in foreign.map(Optional.init) + [nil] {
                var request = request
                if let origin { request.headers.append(("Origin", origin)) }
                let reply = try await api.send(request)
                let leaked = reply.headers.map { $0.name.lowercased() }.filter { $0.hasPrefix("access-control-") }
                #expect(leaked.isEmpty, "\(origin ?? "none")")
                #expect(reply.header("Vary") == "Origin")
            }
        }
    }

    @Test(arguments: [
        ("/api/subscriptions/user/billing-portal/", "OPTIONS, POST"), ("/api/subscriptions/user/", "GET, HEAD, OPTIONS"),
        ("/api/subscriptions/config/", "GET, HEAD, OPTIONS"),
    ])
    func answersAPreflight(_ path: String, methods: String) async throws {
        try await RunningAPI.run { api in
            let headers = [
                ("Origin", RunningAPI.frontend), ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", "authorization"),
            ]
            let reply = try await api.send("OPTIONS", path, headers: headers.map { (name: $0.0, value: $0.1) })
            #expect(reply.status == 204)
            #expect(reply.header("Access-Control-Allow-Methods") == methods)
            #expect(reply.header("Access-Control-Allow-Headers") == "authorization, content-type, portald-after")
            #expect(reply.header("Access-Control-Max-Age") == "600")
        }
    }
}
