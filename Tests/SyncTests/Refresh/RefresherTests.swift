import MirrorStore
import Sandbox
import StripeClient
import TestSupport
import Testing

@testable import Sync

/// What waits past its grace is read once, and the reply settles it only where nothing has overtaken it.
@Suite(.timeLimit(.minutes(10))) struct RefresherTests {
    @Test func aBurstIsSettledByOneRead() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            try await account.deliverNew()
            try account.rename(customer, "lost")
            account.loseNew()
            for name in ["b", "c", "d", "e"] {
                try account.rename(customer, name)
            }
            #expect(try await account.deliverNew() == [.pending, .pending, .pending, .pending])
            #expect(await account.refresher.refreshOnce() == 0)
            account.time.advance(by: 1.9)
            #expect(await account.refresher.refreshOnce() == 0)
            account.time.advance(by: 0.2)
            #expect(await account.refresher.refreshOnce() == 1)
            #expect(account.gets == 1)
            #expect(try await account.value("SELECT name || confirmed FROM customers") == "e1")
            #expect(try await account.rows("SELECT DISTINCT outcome FROM events ORDER BY 1") == ["applied", "superseded"])
            #expect(await account.refresher.refreshOnce() == 0)
            #expect(account.gets == 1)
        }
    }

    @Test func whatWaitsIsSettledOnceAndWhatFailsIsLeft() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            try await account.deliverNew()
            try account.rename(customer, "lost")
            account.loseNew()
            try account.rename(customer, "b")
            #expect(try await account.deliverNew() == [.pending])
            let refresher = Refresher(
                client: account.client,
                reads: account.reads,
                now: account.now,
                clock: SkippingClock(time: account.time),
                logger: account.capture.logger
            )
            account.sandbox.inject(APIFault(.status(500), path: "/v1/*", frequency: .next(100)))
            #expect(try await !refresher.settle())
            #expect(account.gets == 1)
            account.sandbox.removeFaults()
            #expect(try await refresher.settle())
            #expect(try await account.value("SELECT name || confirmed FROM customers") == "b1")
        }
    }

    @Test func inOrderNothingIsRead() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            for name in ["b", "c"] {
                try account.rename(customer, name)
            }
            try await account.deliverNew()
            account.time.advance(by: 10)
            #expect(await account.refresher.refreshOnce() == 0)
            #expect(account.gets == 0)
        }
    }

    @Test func aReplyThatAnEventOvertakesIsDroppedAndAskedAgain() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            try await account.deliverNew()
            try account.rename(customer, "lost")
            account.loseNew()
            try account.rename(customer, "b")
            try await account.deliverNew()
            account.time.advance(by: 2.1)
            account.sandbox.inject(APIFault(.hold(.seconds(1)), path: "/v1/customers/*"))
            try await withThrowingTaskGroup { group in
                group.addTask { await account.refresher.refreshOnce() }
                // The reply is rendered and held back: it shows "b".
                await until { account.time.sleepers == 1 }
                try account.rename(customer, "c")
                #expect(try await account.deliverNew() == [.pending])
                account.time.advance(by: 1)
                #expect(try await group.next() == 1)
            }
            #expect(try await account.value("SELECT name || confirmed FROM customers") == "c0")
            account.time.advance(by: 2.1)
            #expect(await account.refresher.refreshOnce() == 1)
            #expect(account.gets == 2)
            #expect(try await account.value("SELECT name || confirmed FROM customers") == "c1")
        }
    }

    @Test func aDeletedCustomerLeavesAStubAndNothingPersonal() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer("Personal")
            try await account.deliverNew()
            try account.rename(customer, "Personal Too")
            account.loseNew()
            try account.rename(customer, "Personal Three")
            try await account.deliverNew()
            _ = try account.sandbox.deleteCustomer(customer)
            account.loseNew()
            account.time.advance(by: 3)
            #expect(await account.refresher.refreshOnce() == 1)
            #expect(
                try await account.rows("SELECT deleted, confirmed, name, email FROM customers") == ["1|1|NULL|NULL"]
            )
            let all = try await account.rows("SELECT object FROM customers UNION ALL SELECT payload FROM events")
            #expect(!all.joined().contains("Personal"))
            #expect(try await account.value("SELECT proven_object FROM object_states") == nil)
        }
    }

    @Test func whatStripeDoesNotKnowIsNotBuried() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            try await account.deliverNew()
            try account.rename(customer, "lost")
            account.loseNew()
            try account.rename(customer, "b")
            try await account.deliverNew()
            account.time.advance(by: 3)
            account.sandbox.inject(APIFault(.status(404), path: "/v1/customers/*"))
            #expect(await account.refresher.refreshOnce() == 1)
            #expect(try await account.rows("SELECT name, deleted, confirmed FROM customers") == ["b|0|0"])
            let error = try await account.value("SELECT read_error FROM object_states")
            #expect(error?.contains("resource_missing") == true || error?.contains("404") == true)
            #expect(account.capture.complaints.map { $0.fields["object"] } == [customer])
            // Not at once.
            #expect(await account.refresher.refreshOnce() == 0)
            account.time.advance(by: 61)
            #expect(await account.refresher.refreshOnce() == 1)
            #expect(try await account.rows("SELECT name, deleted, confirmed FROM customers") == ["b|0|1"])
            #expect(try await account.value("SELECT read_error FROM object_states") == nil)
        }
    }

    @Test(arguments: [429, 500, 503]) func aBusyStripeIsAskedAgainSoon(status: Int) async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            try account.rename(customer, "b")
            try await account.deliver(account.sandbox.bodies()[1])
            account.time.advance(by: 3)
            account.sandbox.inject(APIFault(.status(status, rateLimitedReason: "endpoint-rate"), path: "/v1/customers/*"))
            #expect(await account.refresher.refreshOnce() == 1)
            #expect(await account.refresher.refreshOnce() == 0)
            account.time.advance(by: 2.1)
            #expect(await account.refresher.refreshOnce() == 1)
            #expect(try await account.value("SELECT name || confirmed FROM customers") == "b1")
        }
    }

    @Test func allItemsOfASubscriptionAreRead() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            let items = (1...20).map { number in
                FormValue.nested(["price": .text(SandboxPrices.basic), "quantity": .text(String(number))])
            }
            _ = try account.sandbox.createSubscription(["customer": .text(customer), "items": FormValue(list: items)])
            #expect(try await account.deliverNew().last == .pending)
            account.time.advance(by: 3)
            #expect(await account.refresher.refreshOnce() == 1)
            #expect(try await account.number("SELECT count(*) FROM subscription_items") == 20)
            #expect(try await account.value("SELECT confirmed FROM subscriptions") == "1")
            #expect(account.calls("GET /v1/subscription_items") == 1)
        }
    }

    @Test func aThinEventOfAnUnknownObjectFillsIt() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer(user: "alice")
            #expect(try await account.deliver(account.sandbox.thinBodies[0]) == .pending)
            #expect(try await account.value("SELECT id FROM customers") == nil)
            account.time.advance(by: 3)
            #expect(await account.refresher.refreshOnce() == 1)
            #expect(try await account.rows("SELECT id, name, confirmed FROM customers") == ["\(customer)|Ada|1"])
            #expect(try await account.rows("SELECT user_id FROM user_links") == ["alice"])
        }
    }

    @Test(arguments: ["2019-12-03", "2024-09-30.acacia", "2026-10-28.endive"])
    func anEndpointOfAnotherVersionCostsOneReadForEachBurst(apiVersion: String) async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            let subscription = try account.subscription(of: customer)
            try await account.deliverNew()
            account.time.advance(by: 10)
            for burst in 1...3 {
                for step in 0...3 {
                    let metadata: FormValue = ["step": .text("\(burst).\(step)")]
                    try account.sandbox.updateSubscription(subscription, ["metadata": metadata])
                }
                // The first one is lost.
                for body in account.sandbox.bodies(apiVersion: apiVersion).suffix(3).reversed() {
                    #expect(try await account.deliver(body) == .pending)
                }
                account.time.advance(by: 3)
                await account.refresher.refreshOnce()
            }
            #expect(account.gets == 3)
            #expect(try await account.differences() == [])
            #expect(try await account.rows("SELECT DISTINCT confirmed FROM subscriptions") == ["1"])
        }
    }

    @Test(arguments: ["2019-12-03", "2024-09-30.acacia", "2026-10-28.endive"])
    func eventsOfAnotherVersionChainWithoutAnyRead(apiVersion: String) async throws {
        try await MirroredAccount.run { account in
            let subscription = try account.subscription(of: try account.customer())
            for step in 1...3 {
                try account.sandbox.updateSubscription(subscription, ["metadata": ["step": .text("\(step)")]])
            }
            for body in account.sandbox.bodies(apiVersion: apiVersion).reversed() {
                try await account.deliver(body)
            }
            account.time.advance(by: 3)
            await account.refresher.refreshOnce()
            #expect(account.gets == 0)
            #expect(
                try await account.rows("SELECT confirmed, object ->> '$.metadata.step' FROM subscriptions") == ["1|3"]
            )
            #expect(try await account.number("SELECT current_period_end FROM subscriptions") ?? 0 > TestTime.start)
        }
    }
}
