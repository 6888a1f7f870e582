import Logging
import Stripe
import TestSupport
import Testing
import Web

@Suite(.timeLimit(.minutes(10))) struct RoutesTests {
    private static let paths: [(path: String, methods: [String])] = [
        ("/webhooks/stripe", ["OPTIONS", "POST"]),
        ("/api/subscriptions/user/billing-portal", ["OPTIONS", "POST"]),
        ("/api/subscriptions/user", ["GET", "HEAD", "OPTIONS"]),
        ("/api/subscriptions/config", ["GET", "HEAD", "OPTIONS"]),
        ("/healthz", ["GET", "HEAD", "OPTIONS"]),
        ("/portald.js", ["GET", "HEAD", "OPTIONS"]),
        ("/openapi.json", ["GET", "HEAD", "OPTIONS"]),
    ]
    private static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

    @Test(arguments: paths, ["", "/", "?query=1"])
    func refusesOtherMethods(_ endpoint: (path: String, methods: [String]), suffix: String) async throws {
        try await RunningAPI.run { api in
            for method in Self.methods where !endpoint.methods.contains(method) {
                let reply = try await api.send(method, endpoint.path + suffix)
                #expect(reply.status == 405, "\(method)")
                #expect(reply.header("Allow") == endpoint.methods.joined(separator: ", "), "\(method)")
                #expect(reply.header("Cache-Control") == "no-store")
                #expect(reply.header("Content-Type") == "application/json")
                if method != "HEAD" {
                    #expect(try reply.code() == "method_not_allowed")
                }
            }
        }
    }

    @Test(arguments: paths, ["", "/"])
    func saysWhatThereIs(_ endpoint: (path: String, methods: [String]), suffix: String) async throws {
        try await RunningAPI.run { api in
            let reply = try await api.send("OPTIONS", endpoint.path + suffix)
            #expect(reply.status == 204)
            #expect(reply.header("Allow") == endpoint.methods.joined(separator: ", "))
        }
    }

    @Test(arguments: [
        "/", "/webhooks", "/webhooks/stripe/more", "/api/subscriptions", "/api/subscriptions/user/billing-portal/x",
        "/healthz/x", "/HEALTHZ", "/%68ealthz/..", "*",
    ])
    func knowsNoOtherPath(_ path: String) async throws {
        try await RunningAPI.run { api in
            for method in Self.methods {
                let reply = try await api.send(method, path)
                #expect(reply.status == 404, "\(method)")
                #expect(reply.header("Allow") == nil)
                #expect(reply.header("Content-Type") == "application/json")
                guard method != "HEAD" else { continue }
                let isWebhooks = path.hasPrefix("/webhooks/")
                let json = try reply.json()
                #expect(try reply.code() == "not_found")
                #expect(json["success"]?.bool == (isWebhooks ? nil : false))
                #expect((json["error"] != nil) == isWebhooks)
            }
        }
    }

    /// RFC 9110 §15.6.2; neither 404, which would be untrue, nor 405, which would have to know the method.
    @Test(arguments: ["PROPFIND", "PURGE", "LOCK"], ["/healthz", "/webhooks/stripe", "/nowhere"])
    func implementsNoOtherMethod(_ method: String, path: String) async throws {
        try await RunningAPI.run { api in
            let reply = try await api.send(method, path)
            #expect(reply.status == 501)
            #expect(try reply.code() == "method_not_implemented")
            #expect(try #require(api.log.requests.first).level == .info)
        }
    }

    /// A body after HEAD would pass for the next reply on the connection.
    @Test(arguments: ["/healthz", "/api/subscriptions/config", "/api/subscriptions/user", "/webhooks/stripe", "/nowhere"])
    func answersHEADWithoutABody(_ path: String) async throws {
        try await RunningAPI.run { api in
            let get = try await api.send("GET", path)
            let (head, next) = try await RawConnection.open(to: api.address) { connection in
                let requests = [RawRequest(method: "HEAD", target: path), RawRequest()]
                try await connection.send(requests.map(\.text).joined())
                return (try await connection.reply(to: "HEAD"), try await connection.reply())
            }
            #expect(next.status == 200)
            #expect(next.body == "ok")
            if get.status != 405 {
                #expect(head.status == get.status)
                #expect(head.header("Content-Length") == get.header("Content-Length"))
                #expect(head.header("Content-Type") == get.header("Content-Type"))
            }
        }
    }

    @Test func isHealthy() async throws {
        try await RunningAPI.run { api in
            let reply = try await api.send("GET", "/healthz")
            #expect(reply.status == 200)
            #expect(reply.body == "ok")
            #expect(reply.header("Content-Type") == "text/plain; charset=utf-8")
            #expect(reply.header("Cache-Control") == "no-store")
        }
    }

    @Test func handsOutThePublishableKey() async throws {
        try await RunningAPI.run { api in
            let reply = try await api.send("GET", "/api/subscriptions/config/")
            #expect(reply.status == 200)
            #expect(reply.body == #"{"publishable_key":"pk_test_publishable"}"#)
        }
    }

    @Test func hasNoPublishableKeyToHandOut() async throws {
        try await RunningAPI.run {
            $0.publishableKey = nil
        } _: { api in
            let reply = try await api.send("GET", "/api/subscriptions/config/")
            #expect(reply.status == 404)
            #expect(try reply.code() == "not_found")
        }
    }
}
