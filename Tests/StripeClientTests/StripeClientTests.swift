import NIOConcurrencyHelpers
import Stripe
import StripeClient
import TestSupport
import Testing

@testable import struct StripeClient.PortalSession

@Suite(.timeLimit(.minutes(10))) struct StripeClientTests {
    static let session = """
        {"id":"bps_1","object":"billing_portal.session","customer":"cus_1","livemode":false,"return_url":"https://a.example/",\
        "url":"https://billing.stripe.com/p/session/test_hidden"}
        """
    static let success = RawServer.Answer.send(RawServer.reply(200, ["Request-Id": "req_ok"], session))
    /// A call's time where its end is not the test's matter: no machine is so slow.
    static let patience: Duration = .seconds(600)
    static let parameters = PortalSessionParameters(customer: "cus_1", returnURL: "https://a.example/billing")

    static func error(_ status: Int, _ headers: [String: String] = [:], code: String = "some_code") -> RawServer.Answer {
        let headers = headers.merging(["Request-Id": "req_\(status)"]) { own, _ in own }
        let body = #"{"error":{"type":"api_error","code":"\#(code)","param":"customer","message":"hidden"}}"#
        return .send(RawServer.reply(status, headers, body))
    }

    func failure(_ client: StripeClient, budget: Duration = .seconds(40)) async throws -> StripeCallError {
        let error = try await #require(throws: StripeCallError.self) {
            _ = try await client.createPortalSession(Self.parameters, budget: budget)
        }
        var dumped = "\(error)"
        dump(error, to: &dumped)
        #expect(!dumped.contains("hidden"))
        return error
    }

    @Test func asksAsStripeWantsToBeAsked() async throws {
        try await RawServer.run({ _ in Self.success }) { server in
            var parameters = Self.parameters
            parameters.configuration = "bpc_1"
            parameters.locale = "de"
            let client = try StripeClient(of: server)
            let session = try await client.createPortalSession(parameters, budget: Self.patience)
            #expect(session.id == "bps_1")
            #expect(session.url.exposed == "https://billing.stripe.com/p/session/test_hidden")
            #expect(session.customer == "cus_1")
            #expect(session.returnURL == "https://a.example/")
            #expect(session.livemode == false)
            #expect(session.requestID == "req_ok")
            var dumped = "\(session) \(client)"
            dump(session, to: &dumped)
            dump(client, to: &dumped)
            #expect(!dumped.contains("hidden"))

            let request = try #require(server.received.first)
            #expect(request.requestLine == "POST /v1/billing_portal/sessions HTTP/1.1")
            #expect(request.header("Authorization") == "Bearer sk_test_hidden")
            #expect(request.header("Content-Type") == "application/x-www-form-urlencoded")
            #expect(request.header("Stripe-Version") == "2026-03-25.dahlia")
            #expect(request.header("User-Agent") == "portald/0.1 (+https://portald.example)")
            #expect(
                request.body
                    == "customer=cus_1&configuration=bpc_1&return_url=https%3A%2F%2Fa.example%2Fbilling&locale=de"
            )
            let uuid4 = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
            #expect(try #require(request.header("Idempotency-Key")).wholeMatch(of: uuid4) != nil)
        }
    }

    @Test func allAttemptsOfAnOperationCarryOneIdempotencyKey() async throws {
        // The reset comes first: libcurl would repeat the request by itself on a connection that has already served one.
        let answers = [.reset, Self.error(500), Self.success, Self.error(409), Self.success]
        try await RawServer.run({ answers[$0.index] }) { server in
            let clock = RecordingClock()
            let client = try StripeClient(of: server, clock: clock)
            _ = try await client.createPortalSession(Self.parameters, budget: Self.patience)
            _ = try await client.createPortalSession(Self.parameters, budget: Self.patience)
            let keys = server.received.map { $0.header("Idempotency-Key") }
            #expect(keys.count == 5)
            #expect(Set(keys[0...2]).count == 1)
            #expect(Set(keys[3...4]).count == 1)
            #expect(Set(keys).count == 2)
            #expect(Set(server.received.map(\.body)).count == 1)
            #expect(clock.pauses == [.milliseconds(500), .seconds(1), .milliseconds(500)])
        }
    }

    @Test(arguments: [
        (400, nil, 1), (400, "true", 3), (400, "false", 1), (401, nil, 1), (402, nil, 1), (404, nil, 1), (409, nil, 3),
        (409, "false", 1), (424, nil, 1), (429, nil, 1), (429, "true", 1), (500, nil, 3), (500, "false", 1),
        (502, nil, 3), (503, "true", 3), (500, "perhaps", 3), (302, nil, 1),
    ])
    func triesAgainAsToldByStatusAndHeader(status: Int, shouldRetry: String?, attempts: Int) async throws {
        let headers = shouldRetry.map { ["Stripe-Should-Retry": $0] } ?? [:]
        try await RawServer.run({ _ in Self.error(status, headers) }) { server in
            let error = try await failure(try StripeClient(of: server))
            #expect(server.received.count == attempts)
            #expect(error.attempts == attempts)
            #expect(error.status == status)
            #expect(error.requestID == "req_\(status)")
            switch (status, error) {
            case (302, .unreadable(.status, _, _, _)): break
            case (429, .busy(let error, _)), (400..<429, .refused(let error, _)),
                (500..., .unavailable(.reply(let error), _)):
                #expect(error.code == "some_code")
                #expect(error.param == "customer")
                #expect(error.type == .apiError)
            default: Issue.record("\(error)")
            }
        }
    }

    @Test func theOtherSpellingOfARateLimitIsBusyToo() async throws {
        let answer = Self.error(400, ["Stripe-Should-Retry": "true"], code: "rate_limit")
        try await RawServer.run({ _ in answer }) { server in
            guard case .busy(_, attempts: 1) = try await failure(try StripeClient(of: server)) else {
                Issue.record("not busy")
                return
            }
        }
    }

    @Test func aPageOfSomebodyElseIsAFailureAllTheSame() async throws {
        try await RawServer.run({ _ in .send(RawServer.reply(502, [:], "<html>hidden</html>")) }) { server in
            let error = try await failure(try StripeClient(of: server))
            guard case .unavailable(.reply(let reply), attempts: 3) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reply.status == 502)
            #expect(reply.type == nil)
        }
    }

    @Test func noConnectionIsUnavailable() async throws {
        try await RawServer.run({ _ in .reset }) { server in
            let error = try await failure(try StripeClient(of: server))
            guard case .unavailable(.noReply(let reason), attempts: 3) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.requestMayHaveArrived)
            #expect(error.status == nil)
        }
    }

    @Test func noReplyWithinTheBudgetIsATimeOut() async throws {
        try await RawServer.run({ _ in .silence }) { server in
            let error = try await failure(try StripeClient(of: server), budget: .milliseconds(200))
            guard case .timedOut(_, attempts: 1) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    /// The second attempt gets what the first one left, which is too short for this server.
    @Test func anAttemptGetsTheRestOfTheBudget() async throws {
        let clock = RecordingClock()
        let script: RawServer.Script = { request in
            guard request.index == 0 else { return .silence }
            clock.advance(by: .seconds(3600))
            return Self.error(500)
        }
        try await RawServer.run(script) { server in
            // 3600 s for the first attempt, 0.5 s for the pause: 1 s is left.
            let error = try await failure(try StripeClient(of: server, clock: clock), budget: .milliseconds(3_601_500))
            guard case .timedOut(_, attempts: 2) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func nothingIsTriedAgainAtTheEndOfTheBudget() async throws {
        let clock = RecordingClock()
        let script: RawServer.Script = { _ in
            clock.advance(by: .seconds(3))
            return Self.error(500)
        }
        try await RawServer.run(script) { server in
            let error = try await failure(try StripeClient(of: server, clock: clock), budget: .seconds(8))
            // 3 + 0.5 + 3 = 6.5 s; a pause of 1 s and an attempt of 1 s do not fit any more.
            #expect(error.attempts == 2)
            #expect(clock.pauses == [.milliseconds(500)])
        }
    }

    @Test func cancellingDuringAnAttempt() async throws {
        try await RawServer.run({ _ in .silence }) { server in
            let client = try StripeClient(of: server)
            let call = Task { try await failure(client) }
            var requests = server.requests.makeAsyncIterator()
            _ = await requests.next()
            call.cancel()
            guard case .cancelled(attempts: 1) = try await call.value else {
                Issue.record("not cancelled")
                return
            }
        }
    }

    @Test func cancellingDuringAPause() async throws {
        try await RawServer.run({ _ in Self.error(500) }) { server in
            let (sleeps, continuation) = AsyncStream.makeStream(of: Void.self)
            let client = try StripeClient(of: server, clock: EndlessPauses(begun: continuation))
            let call = Task { try await failure(client) }
            var pauses = sleeps.makeAsyncIterator()
            _ = await pauses.next()
            call.cancel()
            guard case .cancelled(attempts: 1) = try await call.value else {
                Issue.record("not cancelled")
                return
            }
            #expect(server.received.count == 1)
        }
    }

    @Test(arguments: [
        "", "null", "<html>", "{}", #"{"id":"bps_1","livemode":false}"#,
        #"{"id":1,"url":"https://x/","livemode":false}"#,
    ])
    func aBodyThatCannotBeReadHasItsOwnError(body: String) async throws {
        try await RawServer.run({ _ in .send(RawServer.reply(200, ["Request-Id": "req_1"], body)) }) { server in
            let error = try await failure(try StripeClient(of: server))
            guard case .unreadable(.body, status: 200, requestID: "req_1", attempts: 1) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test(arguments: ["javascript:alert(1)", "/p/session", "ftp://127.0.0.1/", ""])
    func anAddressThatNobodyMayBeSentToHasItsOwnError(url: String) async throws {
        let body = #"{"id":"bps_1","livemode":false,"url":"\#(url)"}"#
        try await RawServer.run({ _ in .send(RawServer.reply(200, [:], body)) }) { server in
            let error = try await failure(try StripeClient(of: server))
            guard case .unreadable(.url, status: 200, requestID: nil, attempts: 1) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test(arguments: [
        ("https://billing.stripe.com/p/session/x?a=b#c", true, true), ("http://127.0.0.1:1/p", false, true),
        ("http://billing.stripe.com/", false, true), ("https://a b", false, false),
        ("https://a/\r\nX: 1", false, false),
        ("data:text/html,x", false, false),
    ])
    func plainHTTPIsForStandInsOnly(url: String, fromStripe: Bool, fromLoopback: Bool) throws {
        #expect(PortalSession.isUsable(url: url, from: try EndpointURL("https://api.stripe.com")) == fromStripe)
        #expect(PortalSession.isUsable(url: url, from: try EndpointURL("http://127.0.0.1:1")) == fromLoopback)
    }

    @Test(.enabled(if: Recordings.folder != nil, Recordings.missing))
    func makesTheRecordedRequestAndReadsTheRecordedReply() async throws {
        let recorded = try Recordings.all().filter { $0.path == "/v1/billing_portal/sessions" }
        #expect(!recorded.isEmpty)
        for exchange in recorded {
            try await RawServer.run({ _ in .send(RawServer.reply(exchange.status, [:], exchange.body)) }) { server in
                let session = try await StripeClient(of: server).createPortalSession(
                    .init(customer: "cus_UFHpEBf3p9kWG4", returnURL: "http://localhost:3000/"),
                    budget: Self.patience
                )
                #expect(server.received.first?.body == exchange.requestBody)
                #expect(session.id.hasPrefix("bps_"))
                #expect(session.customer == "cus_UFHpEBf3p9kWG4")
                #expect(session.url.exposed.hasPrefix("https://billing.stripe.com/p/session/test_"))
            }
        }
    }
}

/// A clock whose pauses last until their task is cancelled.
private struct EndlessPauses: Clock {
    let begun: AsyncStream<Void>.Continuation

    var now: ContinuousClock.Instant { ContinuousClock.now }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        begun.yield()
        try await Task.sleep(for: .seconds(1_000_000))
    }
}
