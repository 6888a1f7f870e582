import Stripe
import StripeClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct RetrievalTests {
    static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    static let seconds: Int64 = 784_111_777

    static func ok(_ body: String, date: String? = date) -> RawServer.Answer {
        let headers = ["Request-Id": "req_1"].merging(date.map { ["Date": $0] } ?? [:]) { own, _ in own }
        return .send(RawServer.reply(200, headers, body))
    }

    /// The items of a subscription by their numbers.
    static func items(_ numbers: some Sequence<Int>, hasMore: Bool) -> String {
        let data = numbers.map { #"{"id":"si_\#($0)","object":"subscription_item","quantity":1.0}"# }
        return #"{"object":"list","data":[\#(data.joined(separator: ","))],"has_more":\#(hasMore),"url":"/x"}"#
    }

    static func subscription(_ items: String) -> String {
        #"{"id":"sub_1","object":"subscription","items":\#(items),"status":"active"}"#
    }

    /// Runs a call against a server, and expects it to fail.
    func failure(
        _ script: @escaping RawServer.Script,
        of call: (StripeClient) async throws -> Void
    ) async throws -> StripeCallError {
        try await RawServer.run(script) { server in
            let client = try StripeClient(of: server)
            return try await #require(throws: StripeCallError.self) { try await call(client) }
        }
    }

    func expectUnreadable(_ error: StripeCallError, _ what: StripeCallError.Unreadable) {
        guard case .unreadable(what, status: 200, requestID: "req_1", attempts: 1) = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func asksForAnObjectAsStripeWantsToBeAsked() async throws {
        let body = #"{"id":"cus_1","object":"customer","name":"Ada"}"#
        try await RawServer.run({ _ in Self.ok(body) }) { server in
            let retrieved = try await StripeClient(of: server).retrieveCustomer("cus_1", lane: .refresh)
            #expect(retrieved.object.compactText == body)
            #expect(retrieved.date == Self.seconds)
            #expect(retrieved.requestID == "req_1")
            let request = try #require(server.received.first)
            #expect(request.requestLine == "GET /v1/customers/cus_1 HTTP/1.1")
            #expect(request.header("Authorization") == "Bearer sk_test_hidden")
            #expect(request.header("Stripe-Version") == "2026-03-25.dahlia")
            #expect(request.header("User-Agent") == "portald/0.1 (+https://portald.example)")
            #expect(request.header("Idempotency-Key") == nil)
            #expect(request.header("Content-Type") == nil)
            #expect(request.header("Content-Length") == nil)
            #expect(request.body.isEmpty)
        }
    }

    @Test func aDeletedCustomerIsAnObjectToo() async throws {
        let body = #"{"id":"cus_1","object":"customer","deleted":true}"#
        try await RawServer.run({ _ in Self.ok(body) }) { server in
            let retrieved = try await StripeClient(of: server).retrieveCustomer("cus_1", lane: .refresh)
            #expect(retrieved.object["deleted"]?.bool == true)
        }
    }

    @Test func retrievesEvents() async throws {
        try await RawServer.run({ _ in Self.ok(#"{"id":"evt_1","object":"event"}"#) }) { server in
            let retrieved = try await StripeClient(of: server).retrieveEvent("evt_1", lane: .sweep)
            #expect(retrieved.object["id"]?.string == "evt_1")
            #expect(server.received.map(\.requestLine) == ["GET /v1/events/evt_1 HTTP/1.1"])
        }
    }

    @Test func anIdCannotLeaveItsPlaceInThePath() async throws {
        let id = "cus_/../a?b#c d+e%2F&é\r\n"
        try await RawServer.run({ _ in Self.ok("{}") }) { server in
            let client = try StripeClient(of: server)
            await #expect(throws: StripeCallError.self) { try await client.retrieveCustomer(id, lane: .refresh) }
            let line = "GET /v1/customers/cus_%2F..%2Fa%3Fb%23c%20d%2Be%252F%26%C3%A9%0D%0A HTTP/1.1"
            #expect(server.received.map(\.requestLine) == [line])
        }
    }

    @Test func triesAgainAsAPOSTDoes() async throws {
        let answers = [.reset, StripeClientTests.error(500), Self.ok(#"{"id":"cus_1","object":"customer"}"#)]
        try await RawServer.run({ answers[$0.index] }) { server in
            let clock = RecordingClock()
            _ = try await StripeClient(of: server, clock: clock).retrieveCustomer("cus_1", lane: .refresh)
            #expect(server.received.count == 3)
            #expect(clock.pauses == [.milliseconds(500), .seconds(1)])
        }
    }

    @Test func anObjectThatNeverWasIsRefused() async throws {
        let answer = StripeClientTests.error(404, code: "resource_missing")
        let error = try await failure({ _ in answer }) { _ = try await $0.retrieveSubscription("sub_1", lane: .refresh) }
        guard case .refused(let refusal, attempts: 1) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(refusal.status == 404)
        #expect(refusal.code == "resource_missing")
    }

    @Test(arguments: [
        "", "null", "[]", "{}", "{", #""cus_1""#, #"{"id":"cus_1"}"#, #"{"object":"customer"}"#,
        #"{"id":"cus_2","object":"customer"}"#, #"{"id":"cus_1","object":"subscription"}"#,
        #"{"id":1,"object":"customer"}"#, #"{"id":"cus_1","object":"customer"} {}"#, #"{"object":"list","data":[]}"#,
    ])
    func aBodyThatIsNotTheObjectCannotBeRead(body: String) async throws {
        let error = try await failure({ _ in Self.ok(body) }) { _ = try await $0.retrieveCustomer("cus_1", lane: .refresh) }
        expectUnreadable(error, .body)
    }

    @Test(arguments: [nil, "", "today", "Wed, 31 Dec 1969 23:59:59 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"])
    func aReplyWithoutItsTimeCannotBeRead(date: String?) async throws {
        let single = try await failure({ _ in Self.ok(#"{"id":"cus_1","object":"customer"}"#, date: date) }) {
            _ = try await $0.retrieveCustomer("cus_1", lane: .refresh)
        }
        expectUnreadable(single, .date)
        let page = try await failure({ _ in Self.ok(#"{"object":"list","data":[],"has_more":false}"#, date: date) }) {
            _ = try await $0.listCustomers(startingAfter: nil, lane: .verify)
        }
        expectUnreadable(page, .date)
        #expect(page.description == "Stripe's reply cannot be used: unexpected date status=200 request_id=req_1 attempts=1")
    }

    @Test func aSubscriptionWithAllItsItemsIsOneCall() async throws {
        let body = Self.subscription(Self.items(1...3, hasMore: false))
        try await RawServer.run({ _ in Self.ok(body) }) { server in
            let retrieved = try await StripeClient(of: server).retrieveSubscription("sub_1", lane: .refresh)
            #expect(retrieved.object.compactText == body)
            #expect(server.received.map(\.requestLine) == ["GET /v1/subscriptions/sub_1 HTTP/1.1"])
        }
    }

    @Test func theItemsOfASubscriptionAreReadToTheEnd() async throws {
        let answers = [
            Self.ok(Self.subscription(Self.items(1...10, hasMore: true))),
            Self.ok(Self.items(11...110, hasMore: true), date: "Sun, 06 Nov 1994 08:49:38 GMT"),
            StripeClientTests.error(500),
            // The date that counts is the first reply's; the others need none.
            Self.ok(Self.items(111...123, hasMore: false), date: nil),
        ]
        try await RawServer.run({ answers[$0.index] }) { server in
            let limiter = RateLimiter(rate: 100, clock: ManualClock())
            let client = try StripeClient(of: server, limiter: limiter)
            let retrieved = try await client.retrieveSubscription("sub_1", lane: .refresh)
            #expect(retrieved.object.compactText == Self.subscription(Self.items(1...123, hasMore: false)))
            #expect(retrieved.date == Self.seconds)
            let list = "GET /v1/subscription_items?subscription=sub_1&limit=100&starting_after="
            #expect(
                server.received.map(\.requestLine) == [
                    "GET /v1/subscriptions/sub_1 HTTP/1.1", "\(list)si_10 HTTP/1.1", "\(list)si_110 HTTP/1.1",
                    "\(list)si_110 HTTP/1.1",
                ]
            )
            #expect(limiter.snapshot.tokens == 21)
        }
    }

    @Test(arguments: [
        // The same page again, a part of it, a page of nothing, and one that is no page.
        items(1...10, hasMore: true), items(10...12, hasMore: false), items([], hasMore: true),
        items([11, 11], hasMore: false), "{}", items([11], hasMore: false).replacing("si_11", with: ""),
        items([11], hasMore: false).replacing("subscription_item", with: "plan"),
    ])
    func pagesOfItemsThatLeadNowhereCannotBeRead(page: String) async throws {
        let first = Self.ok(Self.subscription(Self.items(1...10, hasMore: true)))
        let error = try await failure({ $0.index == 0 ? first : Self.ok(page) }) {
            _ = try await $0.retrieveSubscription("sub_1", lane: .refresh)
        }
        expectUnreadable(error, .body)
    }

    @Test func itemsWithoutEndCannotBeRead() async throws {
        let script: RawServer.Script = { request in
            let start = request.index * 10 + 1
            let items = Self.items(start..<start + 10, hasMore: true)
            return Self.ok(request.index == 0 ? Self.subscription(items) : items)
        }
        try await RawServer.run(script) { server in
            let client = try StripeClient(of: server)
            let error = try await #require(throws: StripeCallError.self) {
                _ = try await client.retrieveSubscription("sub_1", lane: .refresh)
            }
            expectUnreadable(error, .body)
            #expect(server.received.count == 11)
        }
    }

    @Test(arguments: ["null", "[]", "{}", items([], hasMore: true), #"{"object":"list","data":[]}"#])
    func aSubscriptionWithoutAListOfItemsCannotBeRead(items: String) async throws {
        let error = try await failure({ _ in Self.ok(Self.subscription(items)) }) {
            _ = try await $0.retrieveSubscription("sub_1", lane: .refresh)
        }
        expectUnreadable(error, .body)
    }

    @Test func allPagesShareTheTimeOfTheCall() async throws {
        let clock = RecordingClock()
        let script: RawServer.Script = { request in
            guard request.index == 0 else { return .silence }
            clock.advance(by: .milliseconds(29_800))
            return Self.ok(Self.subscription(Self.items(1...10, hasMore: true)))
        }
        try await RawServer.run(script) { server in
            let client = try StripeClient(of: server, clock: clock)
            let error = try await #require(throws: StripeCallError.self) {
                _ = try await client.retrieveSubscription("sub_1", lane: .refresh, budget: .seconds(30))
            }
            guard case .timedOut(_, attempts: 1) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test(.enabled(if: Recordings.folder != nil, Recordings.missing))
    func readsTheRecordedReplies() async throws {
        var kinds: Set<String> = []
        for recorded in try Recordings.all() where recorded.method == "GET" && recorded.status == 200 {
            let segments = recorded.path.prefix { $0 != "?" }.split(separator: "/")
            guard segments.count == 3, let date = recorded.date else { continue }
            let (kind, id) = (segments[1], String(segments[2]))
            guard kind == "customers" || kind == "subscriptions" else { continue }
            kinds.insert(String(kind))
            try await RawServer.run({ _ in Self.ok(recorded.body, date: date) }) { server in
                let client = try StripeClient(of: server)
                let retrieved =
                    kind == "customers"
                    ? try await client.retrieveCustomer(id, lane: .refresh)
                    : try await client.retrieveSubscription(id, lane: .refresh)
                #expect(retrieved.object["id"]?.string == id)
                // Recorded between 2020 and 2026.
                #expect((1_577_836_800..<1_798_761_600).contains(retrieved.date))
            }
        }
        #expect(kinds == ["customers", "subscriptions"])
    }
}
