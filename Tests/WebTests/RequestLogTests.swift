import Hummingbird
import Logging
import TestSupport
import Testing
import Web

@Suite(.timeLimit(.minutes(10))) struct RequestLogTests {
    @Test func writesOneLineForEachRequest() async throws {
        let requests: [(RawRequest, route: String, status: String, code: String?)] = [
            (RawRequest(), "/healthz", "200", nil),
            (RawRequest(target: "/healthz/"), "/healthz", "200", nil),
            (RawRequest(method: "HEAD"), "/healthz", "200", nil),
            (RawRequest(method: "OPTIONS", target: "/webhooks/stripe"), "/webhooks/stripe", "204", nil),
            (RawRequest(method: "DELETE"), "/healthz", "405", "method_not_allowed"),
            (RawRequest(target: "/nowhere"), "NotFound", "404", "not_found"),
            (RawRequest(target: "/api/subscriptions/user"), "/api/subscriptions/user", "401", "authentication_required"),
            (RawRequest(method: "POST", target: "/webhooks/stripe", body: "{}"), "/webhooks/stripe", "400", "signature_header_missing"),
        ]
        try await RunningAPI.run { api in
            for (index, (request, route, status, code)) in requests.enumerated() {
                _ = try await api.send(request)
                #expect(api.log.requests.count == index + 1)
                let line = try #require(api.log.requests.last)
                #expect(line.level == .info)
                #expect(line.fields["method"] == request.method)
                #expect(line.fields["route"] == route)
                #expect(line.fields["status"] == status)
                #expect(line.fields["code"] == code)
                #expect(line.fields["milliseconds"]?.wholeMatch(of: /\d+\.\d/) != nil)
            }
        }
    }

    @Test func tellsOfAnEvent() async throws {
        try await RunningAPI.run { api in
            _ = try await api.deliver(Events.customerCreated("evt_7", customer: "cus_7"))
            let fields = try #require(api.log.requests.first).fields
            #expect(fields["event"] == "evt_7")
            #expect(fields["type"] == "customer.created")
            #expect(fields["object"] == "cus_7")
            #expect(fields["outcome"] == "applied")
        }
    }

    /// At every level: also what the HTTP library logs of a connection.
    @Test func holdsNothingThatAClientSaid() async throws {
        let marks = ["PATHMARK", "QUERYMARK", "HEADERMARK", "TOKENMARK", "BODYMARK", "METHODMARK", "alice@example.com"]
        try await RunningAPI.run { api in
            let (path, query) = ("/PATHMARK%0Aforged", "?QUERYMARK=QUERYMARK")
            let headers = [(name: "Authorization", value: "Bearer TOKENMARK.a.b"), (name: "X-Mark", value: "HEADERMARK")]
            let body = #"{"BODYMARK":"BODYMARK","email":"alice@example.com"}"#
            for (method, target) in [
                ("GET", path + query), ("GET", "/api/subscriptions/user" + query), ("GET", "/healthz" + query),
                ("POST", "/api/subscriptions/user/billing-portal/" + query), ("POST", "/webhooks/stripe" + query),
            ] {
                _ = try await api.send(method, target, headers: headers, body: body)
            }
            _ = try await api.deliver(body)
            _ = try await api.deliver(Events.customerCreated().replacing("\"metadata\"", with: #""email":"alice@example.com","metadata""#))
            _ = try await RawConnection.open(to: api.address) { connection in
                try await connection.send("METHODMARK /PATHMARK HTTP/1.1\r\nX: HEADERMARK\r\n\r\n")
                return try await connection.remainder()
            }
            #expect(api.log.requests.count == 7)
            for entry in api.log.entries {
                let text = entry.message + entry.fields.map { "\($0.key)=\($0.value)" }.joined()
                for mark in marks { #expect(!text.contains(mark)) }
            }
        }
    }

    private struct Unforeseen: Error {
        var detail = "DETAILMARK"
    }

    @Test func tellsTheCauseOfAnUnforeseenError() async throws {
        let endpoint = Endpoint.get("/fails") { _, _ in throw Unforeseen() }
        try await RunningAPI.run {
            $0.further = [endpoint]
        } _: { api in
            let reply = try await api.send("GET", "/fails")
            #expect(reply.status == 500)
            #expect(try reply.code() == "internal_error")
            #expect(!reply.body.contains("DETAILMARK") && !reply.body.contains("Unforeseen"))
            let line = try #require(api.log.requests.first)
            #expect(line.level == .warning)
            #expect(line.fields["cause"] == "Unforeseen")
        }
    }

    /// The client's method is free text; a log that is counted by it must not grow with it.
    @Test func namesNoUnknownMethod() async throws {
        try await RunningAPI.run { api in
            _ = try await api.send("PROPFIND", "/healthz")
            #expect(try #require(api.log.requests.first).fields["method"] == "other")
        }
    }
}
