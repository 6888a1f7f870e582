import MirrorStore
import NIOConcurrencyHelpers
import Sandbox
import StripeClient
import Testing

@testable import Sync

/// A backfill fills the mirror page by page, goes on where it was broken off, and never wins over what is newer.
@Suite(.timeLimit(.minutes(10))) struct BackfillTests {
    @Test func fillsAnEmptyMirrorFromTheLists() async throws {
        try await MirroredAccount.run { account in
            try account.sandbox.seed(customers: 230, subscriptions: 310)
            let began = Int64(account.sandbox.now)
            let stages = NIOLockedValueBox<[String]>([])
            let pass = try await account.backfill.run { progress in
                let pass = progress.pass
                stages.withLockedValue { $0.append("\(pass.stage) \(pass.customers) \(pass.subscriptions)") }
                account.time.advance(by: 60)
            }
            #expect(
                stages.withLockedValue { $0 } == [
                    "customers 100 0", "customers 200 0", "subscriptions 230 0", "subscriptions 230 100",
                    "subscriptions 230 200", "subscriptions 230 300", "unlisted 230 310",
                ]
            )
            #expect((pass.customers, pass.subscriptions) == (230, 310))
            #expect(try await account.differences() == [])
            #expect(try await account.number("SELECT count(*) FROM customers WHERE confirmed") == 230)
            #expect(try await account.number("SELECT count(*) FROM subscriptions WHERE confirmed") == 310)
            #expect(try await account.number("SELECT count(*) FROM user_links") == 230)
            // One of a thousand has more items than a list shows.
            #expect(account.gets == 1)
            #expect(try await account.number("SELECT count(*) FROM object_states WHERE due_at IS NOT NULL") == 0)
            #expect(try await account.log.sweeps().sweptTo == began, "the next sweep begins where the backfill began")
            #expect(try await account.log.hasFinishedPass(.backfill))
            #expect(try await account.log.unfinishedPass(.backfill) == nil)
        }
    }

    @Test func isResumedByAnotherProcessWithoutStartingOver() async throws {
        try await MirroredAccount.run { account in
            try account.sandbox.seed(customers: 250, subscriptions: 250)
            var began: Double?
            // Broken off after each page, and at the calls between.
            for _ in 0..<4 {
                let error = await #expect(throws: SyncError.self) {
                    try await account.backfill.run { _ in
                        account.sandbox.inject(APIFault(.status(500), path: "/v1/*"))
                    }
                }
                #expect(error?.isTransient == true)
                account.time.advance(by: 60)
                let pass = try #require(try await account.log.unfinishedPass(.backfill))
                #expect(pass.beganAt == began ?? pass.beganAt)
                began = pass.beganAt
            }
            let pass = try await account.backfill.run()
            #expect(pass.beganAt == began)
            #expect((pass.customers, pass.subscriptions) == (250, 250))
            #expect(account.calls("GET /v1/customers") == 3 + 2)
            #expect(try await account.differences() == [])
            #expect(try await account.log.sweeps().sweptTo == Int64(TestTime.start))
        }
    }

    @Test func aCursorThatIsDeletedMeanwhileIsSteppedOver() async throws {
        try await MirroredAccount.run { account in
            try account.sandbox.seed(customers: 350, subscriptions: 0)
            let pages = NIOLockedValueBox(0)
            let pass = try await account.backfill.run { progress in
                guard progress.pass.stage == .customers else { return }
                pages.withLockedValue { $0 += 1 }
                if let cursor = progress.pass.cursor, pages.withLockedValue({ $0 }) == 2 {
                    account.sandbox.forget(cursor)
                }
            }
            #expect(try await account.number("SELECT count(*) FROM customers") == 350)
            #expect(pass.customers == 350)
            #expect(account.calls("GET /v1/customers") == 5)
        }
    }

    @Test func aCursorThatIsLostAcrossARestartBeginsTheListAnew() async throws {
        try await MirroredAccount.run { account in
            try account.sandbox.seed(customers: 250, subscriptions: 0)
            let cursor = NIOLockedValueBox<String?>(nil)
            await #expect(throws: SyncError.self) {
                try await account.backfill.run { progress in
                    cursor.withLockedValue { $0 = progress.pass.cursor }
                    account.sandbox.inject(APIFault(.status(500), path: "/v1/*"))
                }
            }
            account.sandbox.forget(try #require(cursor.withLockedValue { $0 }))
            let pass = try await account.backfill.run()
            #expect(pass.customers == 249, "no object counts twice")
            #expect(try await account.number("SELECT count(*) FROM customers") == 250)
        }
    }

    @Test func anEventBetweenTokenAndPageWins() async throws {
        try await MirroredAccount.run { account in
            let customers = try (0..<3).map { try account.customer("n\($0)") }
            account.loseNew()
            account.time.advance(by: 60)
            account.sandbox.inject(APIFault(.hold(.seconds(1)), path: "/v1/customers"))
            try await withThrowingTaskGroup { group in
                group.addTask { _ = try await account.backfill.run() }
                await until { account.time.sleepers == 1 }
                // The page is rendered; this event is newer than it.
                try account.rename(customers[1], "newer")
                #expect(try await account.deliverNew() == [.pending])
                account.time.advance(by: 1)
                try await group.waitForAll()
            }
            #expect(
                try await account.rows("SELECT name, confirmed FROM customers ORDER BY 1") == ["n0|1", "n2|1", "newer|0"]
            )
            #expect(account.gets == 0)
            account.time.advance(by: 3)
            #expect(await account.refresher.refreshOnce() == 1)
            #expect(try await account.rows("SELECT confirmed FROM customers") == ["1", "1", "1"])
            #expect(try await account.differences() == [])
        }
    }

    @Test func anEntryThatWasDroppedIsReadEvenWhereNothingWaits() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            try await account.deliverNew()
            account.time.advance(by: 60)
            account.sandbox.inject(APIFault(.hold(.seconds(1)), path: "/v1/customers"))
            try await withThrowingTaskGroup { group in
                group.addTask { _ = try await account.backfill.run() }
                await until { account.time.sleepers == 1 }
                try account.rename(customer, "newer")
                #expect(try await account.deliverNew() == [.applied])
                account.time.advance(by: 1)
                try await group.waitForAll()
            }
            // The backfill itself reads it, once its own grace is over; or the refresher does.
            account.time.advance(by: 3)
            while await account.refresher.refreshOnce() > 0 {}
            #expect(try await account.rows("SELECT name, confirmed FROM customers") == ["newer|1"])
            #expect(try await account.number("SELECT count(*) FROM object_states WHERE due_at IS NOT NULL") == 0)
        }
    }

    @Test func incompleteItemsAreReadInFull() async throws {
        try await MirroredAccount.run { account in
            let items = (1...15).map { _ in FormValue.nested(["price": .text(SandboxPrices.basic)]) }
            _ = try account.sandbox.createSubscription([
                "customer": .text(try account.customer()), "items": FormValue(list: items),
            ])
            account.time.advance(by: 60)
            _ = try await account.backfill.run()
            #expect(account.gets == 1)
            #expect(try await account.number("SELECT count(*) FROM subscription_items") == 15)
            #expect(try await account.value("SELECT confirmed FROM subscriptions") == "1")
        }
    }

    @Test func whatNoListShowsIsReadOneByOne() async throws {
        try await MirroredAccount.run { account in
            let (gone, onAClock) = (
                try account.customer("Gone"),
                try account.sandbox.createCustomer([
                    "name": "Clock", "test_clock": "clock_1",
                ]).id
            )
            let unknown = try account.customer("Unknown")
            try await account.deliverNew()
            _ = try account.sandbox.deleteCustomer(gone)
            try account.rename(onAClock, "Clock later")
            account.sandbox.forget(unknown)
            account.time.advance(by: 60)
            let unreadable = NIOLockedValueBox<[String]>([])
            let pass = try await account.backfill.run { progress in
                unreadable.withLockedValue { $0 += progress.unreadable }
            }
            #expect(pass.stage == .unlisted)
            #expect(unreadable.withLockedValue { $0 } == [unknown])
            #expect(try await account.rows("SELECT deleted, name FROM customers WHERE id = '\(gone)'") == ["1|NULL"])
            #expect(try await account.rows("SELECT deleted, name FROM customers WHERE id = '\(onAClock)'") == ["0|Clock later"])
            #expect(try await account.rows("SELECT deleted, name FROM customers WHERE id = '\(unknown)'") == ["0|Unknown"])
        }
    }

    /// Else each object of the mirror would be called unknown, and the backfill finished.
    @Test func aKeyThatIsRefusedEndsTheRun() async throws {
        try await MirroredAccount.run { account in
            for number in 0..<3 {
                _ = try account.sandbox.createCustomer(["name": .text("n\(number)"), "test_clock": "clock_1"])
            }
            try await account.deliverNew()
            account.time.advance(by: 60)
            account.sandbox.inject(APIFault(.status(401), path: "/v1/customers/*", frequency: .next(100)))
            await #expect(throws: SyncError.self) { try await account.backfill.run() }
            #expect(account.gets == 1)
            #expect(try await account.log.unfinishedPass(.backfill)?.stage == .unlisted)
            account.sandbox.removeFaults()
            _ = try await account.backfill.run()
            #expect(try await account.log.hasFinishedPass(.backfill))
        }
    }

    /// Such as the daemon's first and a command's: each would drop what the other has read, and all would be read again.
    @Test func twoAtATimeFollowEachOther() async throws {
        try await MirroredAccount.run { account in
            try account.sandbox.seed(customers: 650, subscriptions: 650)
            let passes = try await withThrowingTaskGroup(of: Pass.self) { group in
                for _ in 0..<2 {
                    group.addTask { try await account.backfill.run() }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(passes.map(\.customers) == [650, 650])
            #expect(passes.map(\.subscriptions) == [650, 650])
            #expect(try await account.differences() == [])
            // One of a thousand has more items than a list shows.
            #expect(account.gets == 1)
            #expect(account.calls("GET /v1/customers") <= 2 * 7)
            #expect(try await account.number("SELECT count(*) FROM object_states WHERE due_at IS NOT NULL") == 0)
            #expect(try await account.rows("SELECT count(*) FROM passes WHERE finished_at IS NOT NULL") == ["1"])
        }
    }

    @Test func aSecondOneFillsWhatWasMissed() async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            _ = try await account.backfill.run()
            account.time.advance(by: 40 * 86_400)
            try account.rename(customer, "much later")
            account.loseNew()
            account.time.advance(by: 60)
            let pass = try await account.backfill.run()
            #expect(pass.beganAt > TestTime.start)
            #expect(try await account.value("SELECT name || confirmed FROM customers") == "much later1")
            #expect(try await account.log.sweeps().sweptTo == pass.beganDate)
            #expect(try await account.rows("SELECT count(*) FROM passes") == ["1"])
        }
    }
}
