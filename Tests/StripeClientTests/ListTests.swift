import Stripe
import StripeClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct ListTests {
    static func list(_ objects: [String], hasMore: Bool = false) -> RawServer.Answer {
        RetrievalTests.ok(#"{"object":"list","data":[\#(objects.joined(separator: ","))],"has_more":\#(hasMore)}"#)
    }

    /// The path and query of the one request that a call makes.
    func target(of call: (StripeClient) async throws -> ListPage) async throws -> String {
        try await RawServer.run({ _ in Self.list([]) }) { server in
            _ = try await call(try StripeClient(of: server))
            #expect(server.received.count == 1)
            let request = try #require(server.received.first)
            #expect(request.header("Idempotency-Key") == nil)
            #expect(request.requestLine.hasPrefix("GET "))
            return String(request.requestLine.split(separator: " ")[1])
        }
    }

    @Test func asksForPagesAsStripeWantsToBeAsked() async throws {
        let customers = try await target { try await $0.listCustomers(startingAfter: nil, lane: .backfill) }
        #expect(customers == "/v1/customers?limit=100")
        let further = try await target { try await $0.listCustomers(startingAfter: "cus_&", limit: 7, lane: .verify) }
        #expect(further == "/v1/customers?limit=7&starting_after=cus_%26")
        let subscriptions = try await target { try await $0.listSubscriptions(startingAfter: "sub_1", lane: .backfill) }
        #expect(subscriptions == "/v1/subscriptions?status=all&limit=100&starting_after=sub_1")
    }

    @Test func asksForEventsByTypeAndTime() async throws {
        let some = try await target {
            try await $0.listEvents(
                types: ["customer.created", "customer.subscription.*"],
                createdFrom: 1_790_000_000,
                createdBefore: 1_790_000_600,
                startingAfter: "evt_1",
                limit: 50,
                lane: .sweep
            )
        }
        #expect(
            some
                == "/v1/events?types[0]=customer.created&types[1]=customer.subscription.*"
                + "&created[gte]=1790000000&created[lt]=1790000600&limit=50&starting_after=evt_1"
        )
        let all = try await target {
            try await $0.listEvents(types: [], createdFrom: 0, startingAfter: nil, lane: .sweep)
        }
        #expect(all == "/v1/events?created[gte]=0&limit=100")
    }

    @Test func readsAPage() async throws {
        let objects = [#"{"id":"cus_2","object":"customer"}"#, #"{"id":"cus_1","object":"customer"}"#]
        try await RawServer.run({ _ in Self.list(objects, hasMore: true) }) { server in
            let page = try await StripeClient(of: server).listCustomers(startingAfter: nil, lane: .backfill)
            #expect(page.objects.map(\.compactText) == objects)
            #expect(page.hasMore)
            #expect(page.date == RetrievalTests.seconds)
            #expect(page.requestID == "req_1")
        }
    }

    @Test func aPageHasToBeAListOfItsKind() async throws {
        let element = #"{"id":"cus_1","object":"customer"}"#
        let bodies = [
            "", "null", "{}", "[\(element)]", element, #"{"object":"list","data":[],"has_more":null}"#,
            #"{"object":"list","data":[]}"#, #"{"object":"list","has_more":false}"#,
            #"{"object":"list","data":{},"has_more":false}"#, #"{"object":"search_result","data":[],"has_more":false}"#,
            // A page that has more, but nothing after which it could begin.
            #"{"object":"list","data":[],"has_more":true}"#,
        ]
        let elements = [
            "null", "{}", #""cus_1""#, #"{"id":"cus_1"}"#, #"{"object":"customer"}"#, #"{"id":"","object":"customer"}"#,
            #"{"id":"sub_1","object":"subscription"}"#,
        ]
        let lists = elements.map { #"{"object":"list","data":[\#(element),\#($0)],"has_more":false}"# }
        for body in bodies + lists {
            try await RawServer.run({ _ in RetrievalTests.ok(body) }) { server in
                let client = try StripeClient(of: server)
                let error = await #expect(throws: StripeCallError.self) {
                    try await client.listCustomers(startingAfter: nil, lane: .backfill)
                }
                guard case .unreadable(.body, status: 200, requestID: "req_1", attempts: 1) = error else {
                    Issue.record("\(body): \(String(describing: error))")
                    return
                }
            }
        }
    }

    /// A hundred subscriptions with long descriptions: more than a single object may be long.
    @Test func aPageMayBeLong() async throws {
        let text = String(repeating: "x", count: 60_000)
        let objects = (0..<100).map { #"{"id":"sub_\#($0)","object":"subscription","description":"\#(text)"}"# }
        try await RawServer.run({ _ in Self.list(objects) }) { server in
            let client = try StripeClient(of: server)
            let page = try await client.listSubscriptions(startingAfter: nil, lane: .backfill)
            #expect(page.objects.count == 100)
            #expect(page.objects.last?["id"]?.string == "sub_99")
            let error = await #expect(throws: StripeCallError.self) {
                try await client.retrieveSubscription("sub_1", lane: .refresh)
            }
            guard case .unavailable(.noReply(let reason), _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.reason == .bodyTooLarge(limit: 4 << 20))
        }
    }
}
