import Logging
import Sandbox
import Stripe
import StripeClient
import Testing

/// The client and the sandbox understand each other: both are written after Stripe's documentation.
@Suite(.timeLimit(.minutes(10))) struct SandboxedClientTests {
    static let now = 1_790_000_000

    func run(_ body: (Sandbox, StripeClient) async throws -> Void) async throws {
        var logger = Logger(label: "sandbox")
        logger.logLevel = .critical
        let configuration = SandboxConfiguration { Self.now }
        let sandbox = try Sandbox(configuration, logger: logger)
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        try await withThrowingTaskGroup { group in
            group.addTask { try await sandbox.run() }
            let client = StripeClient(
                apiKey: Secret(configuration.secretKey),
                apiBase: try EndpointURL(try await sandbox.baseURL()),
                apiVersion: "2026-03-25.dahlia",
                userAgent: "portald/test",
                transport: transport,
                limiter: RateLimiter(rate: 1000)
            )
            try await body(sandbox, client)
            group.cancelAll()
        }
    }

    @Test func objects() async throws {
        try await run { sandbox, client in
            let customer = try sandbox.createCustomer(["name": "Ada"])["id"]?.string ?? ""
            let retrieved = try await client.retrieveCustomer(customer, lane: .refresh)
            #expect(retrieved.object["name"]?.string == "Ada")
            #expect(retrieved.date == Self.now)
            _ = try sandbox.deleteCustomer(customer)
            let deleted = try await client.retrieveCustomer(customer, lane: .refresh)
            #expect(deleted.object["deleted"]?.bool == true)
            let event = sandbox.events()[0]["id"]?.string ?? ""
            #expect(try await client.retrieveEvent(event, lane: .sweep).object["id"]?.string == event)
            let error = await #expect(throws: StripeCallError.self) {
                try await client.retrieveCustomer("cus_none", lane: .refresh)
            }
            #expect(error?.status == 404)
        }
    }

    @Test func aSubscriptionOfTwentyItems() async throws {
        try await run { sandbox, client in
            let customer = try sandbox.createCustomer()["id"]?.string ?? ""
            let items = (1...20).map { number in
                FormValue.nested(["price": .text(SandboxPrices.basic), "quantity": .text(String(number))])
            }
            let subscription = try sandbox.createSubscription([
                "customer": .text(customer), "items": FormValue(list: items),
            ])
            let id = subscription["id"]?.string ?? ""
            let retrieved = try await client.retrieveSubscription(id, lane: .refresh).object
            #expect(retrieved["items"]?["has_more"]?.bool == false)
            let quantities = retrieved["items"]?["data"]?.elements?.compactMap { $0["quantity"]?.integer }
            #expect(quantities == Array(1...20))
            #expect(sandbox.apiCalls["GET /v1/subscription_items"] == 1)
        }
    }

    @Test func lists() async throws {
        try await run { sandbox, client in
            for _ in 0..<5 {
                let customer = try sandbox.createCustomer()["id"]?.string ?? ""
                let subscription = try sandbox.createSubscription([
                    "customer": .text(customer), "items": [["price": .text(SandboxPrices.team)]],
                ])
                _ = try sandbox.cancelSubscription(subscription["id"]?.string ?? "")
            }
            let lists: [(String?) async throws -> ListPage] = [
                { try await client.listCustomers(startingAfter: $0, limit: 2, lane: .backfill) },
                { try await client.listSubscriptions(startingAfter: $0, limit: 2, lane: .verify) },
                {
                    try await client.listEvents(
                        types: ["customer.created", "customer.subscription.paused"],
                        createdFrom: Int64(Self.now),
                        createdBefore: Int64(Self.now + 1),
                        startingAfter: $0,
                        limit: 2,
                        lane: .sweep
                    )
                },
            ]
            for list in lists {
                var (ids, pages) = ([String](), 0)
                var hasMore = true
                while hasMore, pages < 10 {
                    let page = try await list(ids.last)
                    ids += page.objects.compactMap { $0["id"]?.string }
                    hasMore = page.hasMore
                    pages += 1
                }
                #expect(pages == 3)
                #expect(Set(ids).count == 5)
            }
            let none = try await client.listEvents(
                types: [],
                createdFrom: 0,
                createdBefore: Int64(Self.now),
                startingAfter: nil,
                lane: .sweep
            )
            #expect(none.objects.isEmpty)
        }
    }
}
