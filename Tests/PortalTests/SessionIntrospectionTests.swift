import Foundation
import MirrorStore
import NIOConcurrencyHelpers
import Stripe
import StripeClient
import TestSupport
import Testing

@testable import Portal

/// Who is asking, by a session that an endpoint of the operator's knows.
@Suite(.timeLimit(.minutes(10))) struct SessionIntrospectionTests {
    /// An endpoint that answers as a test says.
    private final class Endpoint: Sendable {
        let answer = NIOLockedValueBox(RawServer.Answer.reset)

        func says(_ json: String, status: Int = 200) {
            answer.withLockedValue { $0 = .send(RawServer.reply(status, ["Content-Type": "application/json"], json)) }
        }
    }

    private struct Opaque {
        let endpoint: Endpoint
        let introspection: SessionIntrospection
        let server: RawServer
        let authenticator: Authenticator

        func user(_ session: String, after seconds: TimeInterval = 0) async throws(PortalFailure) -> UserID {
            let credentials = RequestCredentials(cookie: ["sid=\(session)"], fetchSite: ["same-origin"])
            return try await authenticator.authenticate(credentials, now: Claims.now.addingTimeInterval(seconds))
        }
    }

    private func withEndpoint(rules: ClaimRules = ClaimRules(), _ body: (Opaque) async throws -> Void) async throws {
        let endpoint = Endpoint()
        try await RawServer.run { _ in
            endpoint.answer.withLockedValue { $0 }
        } _: { server in
            let transport = try CurlTransport()
            defer { transport.shutdown() }
            let introspection = SessionIntrospection(
                endpoint: IntrospectionEndpoint(
                    url: try EndpointURL(resource: server.url + "/o/introspect/"),
                    clientID: "portald:ü",
                    clientSecret: Secret("p%ss word"),
                    timeout: .seconds(600)
                ),
                rules: rules,
                transport: transport,
                userAgent: "portald/test"
            )
            let sessions = CookieSessions(
                cookie: try #require(SessionCookie(name: "sid")),
                allowedOrigins: [],
                kind: .opaque(introspection)
            )
            let authenticator = Authenticator(verifier: nil, sessions: sessions)
            try await body(Opaque(endpoint: endpoint, introspection: introspection, server: server, authenticator: authenticator))
        }
    }

    @Test func asksAsTheStandardsWantIt() async throws {
        try await withEndpoint { opaque async throws in
            opaque.endpoint.says(#"{"active":true,"sub":"user-1"}"#)
            #expect(try await opaque.user("a+b/c=&d") == UserID("user-1"))
            let request = try #require(opaque.server.received.first)
            #expect(request.requestLine == "POST /o/introspect/ HTTP/1.1")
            #expect(request.body == "token=a%2Bb%2Fc%3D%26d&token_type_hint=access_token")
            #expect(request.header("Content-Type") == "application/x-www-form-urlencoded")
            #expect(request.header("Accept") == "application/json")
            let credentials = try #require(request.header("Authorization")?.dropFirst("Basic ".count))
            let decoded = try #require(Data(base64Encoded: String(credentials)))
            #expect(String(decoding: decoded, as: UTF8.self) == "portald%3A%C3%BC:p%25ss+word")
        }
    }

    @Test func anActiveSessionIsRememberedForAWhile() async throws {
        try await withEndpoint { opaque async throws in
            opaque.endpoint.says(#"{"active":true,"sub":"user-1"}"#)
            for seconds in [0, 1, 29.9] {
                #expect(try await opaque.user("s", after: seconds) == UserID("user-1"))
            }
            #expect(opaque.server.received.count == 1)
            opaque.endpoint.says(#"{"active":false}"#)
            for (calls, seconds) in [(2, 30.0), (3, 31)] {
                let failure = await #expect(throws: PortalFailure.self) { try await opaque.user("s", after: seconds) }
                #expect(failure?.error == .invalidToken)
                #expect(opaque.server.received.count == calls)
            }
            // The clock was set back: what was remembered later does not count.
            opaque.endpoint.says(#"{"active":true,"sub":"user-1"}"#)
            _ = try await opaque.user("s", after: 40)
            _ = try await opaque.user("s", after: 39)
            #expect(opaque.server.received.count == 5)
        }
    }

    @Test func aSessionIsNotRememberedBeyondItsEnd() async throws {
        try await withEndpoint { opaque async throws in
            opaque.endpoint.says(#"{"active":true,"sub":"user-1","exp":1800000010}"#)
            for (seconds, calls) in [(0.0, 1), (9.9, 1), (10, 2), (11, 3)] {
                #expect(try await opaque.user("s", after: seconds) == UserID("user-1"))
                #expect(opaque.server.received.count == calls)
            }
            let failure = await #expect(throws: PortalFailure.self) { try await opaque.user("s", after: 41) }
            #expect(failure?.error == .invalidToken)
        }
    }

    @Test func everySessionIsAskedAboutByItself() async throws {
        try await withEndpoint { opaque async throws in
            opaque.endpoint.says(#"{"active":true,"sub":"user-1"}"#)
            _ = try await opaque.user("s")
            opaque.endpoint.says(#"{"active":false}"#)
            await #expect(throws: PortalFailure.self) { try await opaque.user("S") }
            #expect(opaque.server.received.count == 2)
        }
    }

    @Test func requestsOfOneSessionShareOneCall() async throws {
        let answer = RawServer.reply(200, [:], #"{"active":true,"sub":"user-1"}"#)
        try await RawServer.run { _ in
            .send(answer)
        } _: { server in
            let transport = try CurlTransport()
            defer { transport.shutdown() }
            let introspection = SessionIntrospection(
                endpoint: IntrospectionEndpoint(
                    url: try EndpointURL(resource: server.url),
                    clientID: "a",
                    clientSecret: Secret("b"),
                    timeout: .seconds(600)
                ),
                rules: ClaimRules(),
                transport: transport,
                userAgent: "portald/test"
            )
            try await withThrowingTaskGroup(of: UserID.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await introspection.user(of: "s", now: Claims.now) }
                }
                let expected = try UserID("user-1")
                for try await user in group {
                    #expect(user == expected)
                }
            }
            #expect(server.received.count == 1)
        }
    }

    @Test func callsAreBounded() async throws {
        try await withEndpoint { opaque async throws in
            opaque.endpoint.says(#"{"active":true,"sub":"user-1"}"#)
            for _ in 0..<SessionIntrospection.capacity { #expect(opaque.introspection.beginCall()) }
            let failure = await #expect(throws: PortalFailure.self) { try await opaque.user("s") }
            #expect(failure?.error == .authenticationUnavailable)
            #expect(opaque.server.received.isEmpty)
            opaque.introspection.endCall()
            // Each gives its place back.
            for session in ["s", "t"] { #expect(try await opaque.user(session) == UserID("user-1")) }
        }
    }

    @Test(arguments: [
        #"{"active":true,"sub":"user-1","iss":"https://id.example","aud":"billing","token_type":"access"}"#,
        #"{"active":true,"sub":"user-1","aud":["x","billing"],"token_type":"access","nbf":1800000000}"#,
        #"{"active":true,"sub":"user-1","token_type":"access"}"#,
    ])
    func theAnswerMayLeaveOutWhatATokenMustSay(_ answer: String) async throws {
        try await withEndpoint(rules: Self.rules) { opaque async throws in
            opaque.endpoint.says(answer)
            #expect(try await opaque.user("s") == UserID("user-1"))
        }
    }

    private static let rules = ClaimRules(
        issuer: "https://id.example",
        audience: "billing",
        requiredClaims: [RequiredClaim(name: "token_type", value: "access")]
    )

    @Test(arguments: [
        #"{"active":false}"#, #"{"active":false,"sub":"user-1","token_type":"access"}"#,
        #"{"active":true,"token_type":"access"}"#, #"{"active":true,"sub":"user-1"}"#,
        #"{"active":true,"sub":"user-1","token_type":"refresh"}"#, #"{"active":true,"sub":" ","token_type":"access"}"#,
        #"{"active":true,"sub":"user-1","token_type":"access","iss":"https://evil.example"}"#,
        #"{"active":true,"sub":"user-1","token_type":"access","aud":"x"}"#,
        #"{"active":true,"sub":"user-1","token_type":"access","exp":1799999900}"#,
        #"{"active":true,"sub":"user-1","token_type":"access","exp":"1800000600"}"#,
        #"{"active":true,"sub":"user-1","token_type":"access","nbf":1800000100}"#,
    ])
    func otherAnswersOpenNothing(_ answer: String) async throws {
        try await withEndpoint(rules: Self.rules) { opaque async throws in
            opaque.endpoint.says(answer)
            let failure = await #expect(throws: PortalFailure.self) { try await opaque.user("s3cret") }
            #expect(failure?.error == .invalidToken)
            #expect(failure?.cause?.contains("user-1") == false && failure?.cause?.contains("s3cret") == false)
        }
    }

    @Test(arguments: [
        "", "{}", "[]", "true", #"{"active":"true","sub":"user-1"}"#, #"{"active":1,"sub":"user-1"}"#,
        #"{"active":null}"#, #"{"active":true,"active":false}"#, "<html>", #"{"active":true,"sub":"user-1"}x"#,
    ])
    func whatIsNoAnswerSignsNobodyOut(_ body: String) async throws {
        try await withEndpoint { opaque async throws in
            opaque.endpoint.says(body)
            let failure = await #expect(throws: PortalFailure.self) { try await opaque.user("s3cret") }
            #expect(failure?.error == .authenticationUnavailable)
            #expect(failure?.cause?.contains("s3cret") == false)
        }
    }

    @Test(arguments: [201, 204, 302, 400, 401, 403, 404, 429, 500, 503])
    func noOtherStatusIsAnAnswer(_ status: Int) async throws {
        try await withEndpoint { opaque async throws in
            opaque.endpoint.says(#"{"active":true,"sub":"user-1"}"#, status: status)
            let failure = await #expect(throws: PortalFailure.self) { try await opaque.user("s") }
            #expect(failure?.error == .authenticationUnavailable)
            #expect(failure?.cause?.contains("\(status)") == true)
        }
    }

    @Test func anEndpointThatIsDownSignsNobodyOut() async throws {
        try await withEndpoint { opaque async throws in
            let failure = await #expect(throws: PortalFailure.self) { try await opaque.user("s") }
            #expect(failure?.error == .authenticationUnavailable)
            #expect(failure?.cause?.hasPrefix("the introspection endpoint cannot be reached") == true)
            opaque.endpoint.says(#"{"active":true,"sub":"user-1"}"#)
            #expect(try await opaque.user("s") == UserID("user-1"))
        }
    }

    @Test func bearerTokensNeedAKey() async throws {
        try await withEndpoint { opaque async throws in
            let credentials = RequestCredentials(authorization: ["Bearer x"])
            let failure = await #expect(throws: PortalFailure.self) {
                try await opaque.authenticator.authenticate(credentials, now: Claims.now)
            }
            #expect(failure?.error == .invalidToken)
            #expect(opaque.server.received.isEmpty)
        }
    }

    @Test func theMemoryOfSessionsIsBounded() throws {
        var cache = SessionCache()
        let user = try UserID("user-1")
        for number in 0..<(3 * SessionCache.capacity) {
            cache.insert(user, for: Digest.sha256(Array("\(number)".utf8)), now: Claims.now, expiration: nil)
            #expect(cache.count <= SessionCache.capacity)
        }
        let last = Digest.sha256(Array("\(3 * SessionCache.capacity - 1)".utf8))
        #expect(cache.user(of: last, now: Claims.now) == user)
        cache.insert(user, for: [1], now: Claims.now, expiration: Claims.now.timeIntervalSince1970)
        #expect(cache.user(of: [1], now: Claims.now) == nil)
    }
}
