import MirrorStore
import Sandbox
import StripeClient
import TestSupport
import Testing

@testable import Sync

/// The loop: what is due is read as the time moves on, and nothing is lost where it is stopped.
@Suite(.timeLimit(.minutes(10))) struct RefresherRunTests {
    /// Runs a refresher beside a body.
    func running(_ account: MirroredAccount, _ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { await account.refresher.run() }
            await until { account.time.sleepers == 1 }
            try await body()
            group.cancelAll()
        }
    }

    /// Moves the time once the loop sleeps.
    func pass(_ seconds: Double, in account: MirroredAccount) async {
        await until { account.time.sleepers == 1 }
        account.time.advance(by: seconds)
    }

    /// A customer whose event waits for one that is lost.
    func pendingCustomer(_ account: MirroredAccount) async throws -> String {
        let customer = try account.customer()
        try await account.deliverNew()
        try account.rename(customer, "lost")
        account.loseNew()
        try account.rename(customer, "b")
        try await account.deliverNew()
        return customer
    }

    /// As where the disk is full: then a read cannot be put off either.
    @Test func readsRestWhileTheMirrorCannotBeWritten() async throws {
        try await MirroredAccount.run { account in
            _ = try await pendingCustomer(account)
            try await running(account) {
                try await account.execute(
                    "CREATE TRIGGER broken BEFORE UPDATE ON object_states BEGIN SELECT RAISE(ABORT, 'full'); END"
                )
                await pass(2.1, in: account)
                await until { account.capture.text.contains("reads rest") }
                // Two ticks of four.
                await pass(0.5, in: account)
                await pass(0.5, in: account)
                await until { account.time.sleepers == 1 }
                #expect(account.gets == 1)
                try await account.execute("DROP TRIGGER broken")
                while try await account.value("SELECT name || confirmed FROM customers") != "b1" {
                    if account.time.sleepers == 1 { account.time.advance(by: 0.5) }
                    await Task.yield()
                }
            }
            #expect(account.gets == 2)
        }
    }

    /// One line tells of it, not one for each object.
    @Test func readsRestWhileTheKeyIsRefused() async throws {
        try await MirroredAccount.run(key: "sk_test_revoked") { account in
            for _ in 0..<3 {
                _ = try await pendingCustomer(account)
            }
            try await running(account) {
                await pass(2.1, in: account)
                await until { account.capture.text.contains("reads rest") }
                for _ in 0..<20 {
                    await pass(0.5, in: account)
                }
                await until { account.time.sleepers == 1 }
            }
            #expect(account.gets == 3)
            #expect(account.capture.text.ranges(of: "reads rest").count == 1)
            #expect(account.capture.text.contains("check STRIPE_SECRET_KEY"))
        }
    }

    @Test func pausesGrowWhileAReadFails() async throws {
        try await MirroredAccount.run { account in
            let customer = try await pendingCustomer(account)
            account.sandbox.inject(APIFault(.status(404), path: "/v1/customers/*", frequency: .next(3)))
            try await running(account) {
                var wait = 2.1
                for (attempt, pause) in [60.0, 120, 240].enumerated() {
                    await pass(wait, in: account)
                    await until { account.capture.complaints.count == attempt + 1 }
                    try await until {
                        try await account.number("SELECT due_at FROM object_states") == account.time.unix + pause
                    }
                    wait = pause
                }
                await pass(wait, in: account)
                try await until { try await account.value("SELECT name || confirmed FROM customers") == "b1" }
            }
            #expect(account.gets == 4)
            #expect(account.capture.complaints.map { $0.fields["object"] } == [customer, customer, customer])
            #expect(account.capture.complaints.map { $0.fields["seconds"] } == ["60", "120", "240"])
            #expect(!account.capture.text.contains("example.com"))
        }
    }

    @Test func aNewEventOfAnObjectThatFailsIsNotHeldUp() async throws {
        try await MirroredAccount.run { account in
            let customer = try await pendingCustomer(account)
            account.sandbox.inject(APIFault(.status(404), path: "/v1/customers/*"))
            try await running(account) {
                await pass(2.1, in: account)
                await until { account.capture.complaints.count == 1 }
                try account.rename(customer, "lost")
                account.loseNew()
                try account.rename(customer, "c")
                try await account.deliverNew()
                await pass(2.1, in: account)
                try await until { try await account.value("SELECT name || confirmed FROM customers") == "c1" }
            }
        }
    }

    @Test func anObjectIsReadOnceAtATime() async throws {
        try await MirroredAccount.run { account in
            _ = try await pendingCustomer(account)
            account.sandbox.inject(APIFault(.hold(.seconds(5)), path: "/v1/customers/*"))
            try await running(account) {
                await pass(2.1, in: account)
                // The loop and the reply that is held.
                await until { account.time.sleepers == 2 }
                for _ in 1...6 {
                    await until { account.time.sleepers == 2 }
                    account.time.advance(by: 0.5)
                }
                #expect(account.gets == 1)
                await until { account.time.sleepers == 2 }
                account.time.advance(by: 5)
                try await until { try await account.value("SELECT name || confirmed FROM customers") == "b1" }
            }
            #expect(account.gets == 1)
        }
    }

    @Test func manyObjectsAreReadAFewAtATime() async throws {
        try await MirroredAccount.run { account in
            let customers = 50
            for number in 0..<customers {
                _ = try account.customer("n\(number)")
            }
            for body in account.sandbox.thinBodies {
                try await account.deliver(body)
            }
            account.sandbox.inject(APIFault(.hold(.seconds(1)), path: "/v1/customers/*", frequency: .next(customers)))
            try await running(account) {
                await pass(2.1, in: account)
                var left = customers
                while left > 0 {
                    let atATime = min(left, Refresher.maximumInFlight)
                    await until { account.time.sleepers == 1 + atATime }
                    #expect(account.gets == customers - left + atATime)
                    account.time.advance(by: 1)
                    left -= atATime
                    let read = customers - left
                    try await until { try await account.number("SELECT count(*) FROM customers") == Double(read) }
                }
            }
            #expect(account.gets == customers)
            #expect(account.capture.complaints.isEmpty)
        }
    }

    @Test func theGraceBeginsAnewAtTheStart() async throws {
        try await MirroredAccount.run { account in
            _ = try await pendingCustomer(account)
            account.time.advance(by: 3600)
            try await running(account) {
                // Long due; but events that wait at Stripe since an hour come first.
                #expect(try await account.number("SELECT due_at FROM object_states") == account.time.unix + 2)
                await pass(1.9, in: account)
                await until { account.time.sleepers == 1 }
                #expect(account.gets == 0)
                account.time.advance(by: 0.5)
                try await until { try await account.value("SELECT name || confirmed FROM customers") == "b1" }
            }
            #expect(account.gets == 1)
        }
    }

    @Test func aClockThatIsSetBackHoldsNothingUp() async throws {
        try await MirroredAccount.run { account in
            try await running(account) {
                _ = try await pendingCustomer(account)
                account.time.setWall(by: -7200)
                await pass(0.5, in: account)
                try await until { try await account.number("SELECT due_at FROM object_states") ?? 0 <= account.time.unix + 2 }
                await pass(2.1, in: account)
                try await until { try await account.value("SELECT name || confirmed FROM customers") == "b1" }
            }
            #expect(account.gets == 1)
        }
    }

    @Test func aClockThatIsSetForwardHoldsNothingUp() async throws {
        try await MirroredAccount.run { account in
            try await running(account) {
                _ = try await pendingCustomer(account)
                account.time.setWall(by: 7200)
                await pass(0.5, in: account)
                try await until { try await account.value("SELECT name || confirmed FROM customers") == "b1" }
            }
            #expect(account.gets == 1)
        }
    }

    @Test func whatIsInFlightAtAStopIsReadAfterTheStart() async throws {
        try await MirroredAccount.run { account in
            _ = try await pendingCustomer(account)
            let before = try await account.rows("SELECT object, confirmed FROM customers")
            account.sandbox.inject(APIFault(.hold(.seconds(5)), path: "/v1/customers/*"))
            try await running(account) {
                await pass(2.1, in: account)
                await until { account.time.sleepers == 2 }
            }
            #expect(try await account.rows("SELECT object, confirmed FROM customers") == before)
            #expect(try await account.value("SELECT read_error FROM object_states") == nil)
            #expect(account.capture.entries.isEmpty)
            account.time.advance(by: 10)
            try await running(account) {
                await pass(2.1, in: account)
                try await until { try await account.value("SELECT name || confirmed FROM customers") == "b1" }
            }
            #expect(account.gets == 2)
        }
    }

    @Test func aStopInAnyMomentIsQuiet() async throws {
        try await MirroredAccount.run { account in
            for round in 0..<30 {
                let customer = try account.customer("r\(round)")
                try account.rename(customer, "b")
                try await account.deliver(account.sandbox.bodies()[2 * round + 1])
                account.time.advance(by: 3)
                try await running(account) {
                    await pass(2.1, in: account)
                    for _ in 0..<(round * 3) {
                        await Task.yield()
                    }
                }
            }
            #expect(account.capture.entries.map(\.message) == [])
            account.time.advance(by: 3)
            while await account.refresher.refreshOnce() > 0 {}
            #expect(try await account.differences() == [])
            #expect(try await account.number("SELECT count(*) FROM customers WHERE NOT confirmed") == 0)
        }
    }
}
