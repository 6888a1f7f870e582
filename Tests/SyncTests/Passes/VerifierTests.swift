import MirrorStore
import NIOConcurrencyHelpers
import Sandbox
import StripeClient
import Testing

@testable import Sync

/// A verification calls drift what no event explains, and only that.
@Suite(.timeLimit(.minutes(10))) struct VerifierTests {
    /// An account in sync: three customers and a subscription each; an hour has passed since.
    static func run(
        _ configure: (inout SandboxConfiguration) -> Void = { _ in },
        _ body: @Sendable (MirroredAccount, (customer: String, subscription: String)) async throws -> Void
    ) async throws {
        try await MirroredAccount.run(configure) { account in
            try await account.log.markSwept(to: Int64(account.time.unix), at: account.time.unix)
            var last = ("", "")
            for name in ["Ada", "Bob", "Cleo"] {
                let customer = try account.customer(name, user: name.lowercased())
                last = (customer, try account.subscription(of: customer))
            }
            try await account.deliverNew()
            account.time.advance(by: 3600)
            try await body(account, last)
        }
    }

    func report(of account: MirroredAccount, repairing: Bool = false) async throws -> Verifier.Report {
        try await account.verifier().verifyAll(repairing: repairing)
    }

    @Test func equalRowsAreVerifiedPageByPage() async throws {
        try await Self.run { account, _ in
            let before = try await account.dump()
            let report = try await report(of: account)
            #expect(report.compared == 6)
            #expect(report.drifts.isEmpty)
            #expect(report.undecided.isEmpty)
            #expect(account.gets == 0)
            #expect(try await account.number("SELECT min(checked_at) FROM object_states") == account.time.unix)
            #expect(try await account.dump() == before)
        }
    }

    /// What somebody else wrote into the file.
    @Test(arguments: [
        ("UPDATE customers SET name = 'Mallory' WHERE name = 'Cleo'", ["name"]),
        ("UPDATE customers SET email = NULL, created = 1 WHERE name = 'Cleo'", ["email", "created"]),
        ("UPDATE customers SET deleted = 1 WHERE name = 'Cleo'", ["deleted"]),
        ("UPDATE customers SET livemode = 1 WHERE name = 'Cleo'", ["livemode"]),
        ("UPDATE customers SET confirmed = 0 WHERE name = 'Cleo'", ["confirmed"]),
        ("UPDATE customers SET object = json_set(object, '$.phone', '555') WHERE name = 'Cleo'", ["object"]),
        ("UPDATE customers SET revision = zeroblob(32) WHERE name = 'Cleo'", ["revision"]),
        ("DELETE FROM customers WHERE name = 'Cleo'", ["id"]),
    ]) func tamperedCustomers(sql: String, fields: [String]) async throws {
        try await Self.run { account, last in
            let truth = try await account.dump()
            try await account.execute(sql)
            let tampered = try await account.dump()
            #expect(tampered != truth)
            let report = try await report(of: account)
            #expect(report.drifts.map(\.object.id) == [last.customer])
            #expect(report.drifts.map(\.fields) == [fields])
            #expect(report.drifts.allSatisfy { !$0.isRepaired })
            #expect(try await account.dump() == tampered, "without repair nothing is written")
            let repaired = try await self.report(of: account, repairing: true)
            #expect(repaired.drifts.map(\.fields) == [fields])
            #expect(repaired.drifts.map(\.isRepaired) == [true])
            #expect(try await self.report(of: account).drifts.isEmpty)
            #expect(try await account.differences() == [])
            #expect(
                try await account.rows("SELECT name, email, livemode, deleted, confirmed FROM customers WHERE id = '\(last.customer)'") == [
                    "Cleo|Cleo@example.com|0|0|1"
                ]
            )
        }
    }

    @Test(arguments: [
        ("UPDATE subscriptions SET status = 'canceled'", ["status"]),
        ("UPDATE subscriptions SET customer = 'cus_other', ended_at = 7", ["customer", "ended_at"]),
        ("UPDATE subscriptions SET current_period_end = current_period_end + 1", ["current_period_end"]),
        ("UPDATE subscriptions SET cancel_at_period_end = 1", ["cancel_at_period_end"]),
        ("UPDATE subscription_items SET quantity = 99", ["items"]),
        ("UPDATE subscription_items SET id = 'si_other' || id", ["items"]),
        ("DELETE FROM subscription_items", ["items"]),
        ("DELETE FROM subscriptions", ["id"]),
    ]) func tamperedSubscriptions(sql: String, fields: [String]) async throws {
        try await Self.run { account, last in
            let column = sql.contains("subscription_items") ? "subscription" : "id"
            let before = try await account.rows("SELECT * FROM subscription_items ORDER BY id")
            try await account.execute("\(sql) WHERE \(column) = '\(last.subscription)'")
            let report = try await report(of: account, repairing: true)
            #expect(report.drifts.map(\.object.id) == [last.subscription])
            #expect(report.drifts.map(\.fields) == [fields])
            #expect(try await self.report(of: account).drifts.isEmpty)
            #expect(try await account.rows("SELECT * FROM subscription_items ORDER BY id") == before)
        }
    }

    @Test func anObjectThatTheMirrorDoesNotHaveIsDrift() async throws {
        try await MirroredAccount.run { account in
            account.time.advance(by: 3600)
            try account.sandbox.seed(customers: 1, subscriptions: 1)
            let report = try await report(of: account, repairing: true)
            #expect(report.drifts.map(\.fields) == [[], []])
            #expect(try await account.rows("SELECT confirmed FROM customers UNION ALL SELECT confirmed FROM subscriptions") == ["1", "1"])
            #expect(try await account.rows("SELECT user_id FROM user_links") == ["user_1"])
            #expect(try await self.report(of: account).drifts.isEmpty)
        }
    }

    @Test func whatStripeChangedAndNoEventSaysIsDriftAndItsLinkFollows() async throws {
        try await Self.run { account, last in
            account.sandbox.inject(EventFault(.lose, frequency: .next(10)))
            try account.sandbox.updateCustomer(last.customer, ["name": "Clio", "metadata": ["user_id": "clio"]])
            try account.sandbox.updateSubscription(last.subscription, ["metadata": ["a": "b"]])
            account.time.advance(by: 60)
            let before = try await account.dump()
            let report = try await report(of: account)
            #expect(Set(report.drifts.map(\.object.id)) == [last.customer, last.subscription])
            let fields = Dictionary(report.drifts.map { ($0.object.id, $0.fields) }) { $0 + $1 }
            #expect(fields[last.customer] == ["name"])
            #expect(fields[last.subscription] == ["metadata"])
            #expect(try await account.dump() == before)
            _ = try await self.report(of: account, repairing: true)
            #expect(try await account.differences() == [])
            #expect(try await account.rows("SELECT user_id FROM user_links ORDER BY 1") == ["ada", "bob", "clio"])
        }
    }

    @Test func aCustomerDeletedAtStripeIsDriftAndBuried() async throws {
        try await Self.run { account, last in
            account.sandbox.inject(EventFault(.lose, frequency: .next(10)))
            _ = try account.sandbox.deleteCustomer(last.customer)
            account.time.advance(by: 60)
            let report = try await report(of: account, repairing: true)
            #expect(Set(report.drifts.map(\.object.id)) == [last.customer, last.subscription])
            #expect(try await account.rows("SELECT deleted, name FROM customers WHERE id = '\(last.customer)'") == ["1|NULL"])
            #expect(try await account.value("SELECT status FROM subscriptions WHERE id = '\(last.subscription)'") == "canceled")
            let next = try await self.report(of: account)
            #expect(next.drifts.isEmpty && next.undecided.isEmpty)
        }
    }

    @Test func aRenderingOfAnotherVersionIsNoDrift() async throws {
        try await Self.run({ $0.apiVersion = "2019-12-03" }) { account, _ in
            #expect(try await account.differences() == [])
            let report = try await report(of: account)
            #expect(report.drifts.isEmpty)
            #expect(report.undecided.isEmpty)
            #expect(report.compared == 6)
        }
    }

    @Test func underAnotherVersionDriftIsSeenNevertheless() async throws {
        try await Self.run({ $0.apiVersion = "2019-12-03" }) { account, last in
            account.sandbox.inject(EventFault(.lose, frequency: .next(10)))
            try account.sandbox.updateCustomer(last.customer, ["metadata": ["user_id": "clio"]])
            try account.sandbox.updateSubscription(last.subscription, ["cancel_at_period_end": true])
            account.time.advance(by: 60)
            let report = try await report(of: account, repairing: true)
            let fields = Dictionary(report.drifts.map { ($0.object.id, $0.fields) }) { $0 + $1 }
            #expect(fields[last.customer] == ["metadata"])
            #expect(fields[last.subscription]?.contains("cancel_at_period_end") == true)
            #expect(fields.count == 2)
            #expect(try await account.rows("SELECT user_id FROM user_links ORDER BY 1") == ["ada", "bob", "clio"])
            #expect(try await self.report(of: account).drifts.isEmpty)
        }
    }

    @Test func anEventThatIsOnItsWayIsNoDrift() async throws {
        try await Self.run { account, last in
            try account.rename(last.customer, "changed")
            account.time.advance(by: 10)
            // No webhook brings it; the sweep does, before the difference is judged.
            let report = try await report(of: account)
            #expect(report.drifts.isEmpty)
            #expect(report.undecided.isEmpty)
            #expect(try await account.value("SELECT name FROM customers WHERE id = '\(last.customer)'") == "changed")
        }
    }

    @Test func anEventThatComesDuringThePauseIsNoDrift() async throws {
        try await Self.run { account, last in
            account.sandbox.inject(EventFault(.lose))
            try account.rename(last.customer, "b")
            // The list shows "b"; back again, which is what the mirror has, and Stripe tells of neither.
            let report = try await account.verifier {
                account.sandbox.inject(EventFault(.lose))
                try account.rename(last.customer, "Cleo")
            }.verifyAll(repairing: true)
            #expect(report.drifts.isEmpty)
            #expect(report.undecided.isEmpty)
        }
    }

    @Test func webhooksBetweenThePagesAreNoDrift() async throws {
        try await Self.run { account, last in
            let step = NIOLockedValueBox(0)
            let change: @Sendable () async throws -> Void = {
                step.withLockedValue { $0 += 1 }
                try account.rename(last.customer, "n\(step.withLockedValue { $0 })")
                try await account.deliverNew()
            }
            try await change()
            let verifier = account.verifier(onPause: change)
            let report = try await verifier.verifyAll(repairing: true) { _ in
                do { try await change() } catch { Issue.record(error) }
            }
            #expect(report.drifts.isEmpty)
            account.time.advance(by: 3)
            while await account.refresher.refreshOnce() > 0 {}
            #expect(try await account.differences() == [])
        }
    }

    @Test func whatChangesAllTheTimeIsUndecided() async throws {
        try await Self.run { account, last in
            let before = try await account.value("SELECT object FROM customers WHERE id = '\(last.customer)'")
            let pauses = NIOLockedValueBox(0)
            let change: @Sendable () async throws -> Void = {
                pauses.withLockedValue { $0 += 1 }
                account.sandbox.inject(EventFault(.lose))
                try account.rename(last.customer, "n\(pauses.withLockedValue { $0 })")
            }
            try await change()
            let report = try await account.verifier(onPause: change).verifyAll(repairing: true)
            #expect(report.drifts.isEmpty)
            #expect(report.undecided == [last.customer])
            #expect(pauses.withLockedValue { $0 } <= 2 * Verifier.attempts + 1)
            #expect(try await account.value("SELECT object FROM customers WHERE id = '\(last.customer)'") == before)
        }
    }

    @Test func whatStripeDoesNotKnowIsUndecided() async throws {
        try await Self.run { account, last in
            account.sandbox.forget(last.customer)
            let report = try await report(of: account, repairing: true)
            #expect(report.drifts.isEmpty)
            #expect(report.undecided == [last.customer])
            #expect(try await account.value("SELECT deleted FROM customers WHERE id = '\(last.customer)'") == "0")
        }
    }

    @Test func aKeyThatIsRefusedTellsNothing() async throws {
        try await Self.run { account, last in
            try await account.execute("UPDATE customers SET name = 'x' WHERE id = '\(last.customer)'")
            account.sandbox.inject(APIFault(.status(401), path: "/v1/customers/*", frequency: .next(100)))
            await #expect(throws: SyncError.self) { try await report(of: account) }
        }
    }

    /// A daemon that was down for longer than Stripe lists events still has to be told so by its own mark.
    @Test func leavesTheMarkOfALongOutage() async throws {
        try await Self.run { account, last in
            let mark = try await account.log.sweeps().sweptTo
            try account.rename(last.customer, "long ago")
            account.time.advance(by: 40 * 86_400)
            let report = try await report(of: account)
            #expect(report.drifts.map(\.object.id).contains(last.customer))
            #expect(try await account.log.sweeps().sweptTo == mark)
        }
    }

    @Test func whatWaitsIsNotJudged() async throws {
        try await Self.run { account, last in
            account.sandbox.inject(EventFault(.lose))
            try account.rename(last.customer, "lost")
            try account.rename(last.customer, "waits")
            try await account.deliverNew()
            account.time.advance(by: 60)
            let report = try await report(of: account, repairing: true)
            #expect(report.drifts.isEmpty)
            #expect(report.undecided == [last.customer], "its own read settles it")
            await account.refresher.refreshOnce()
            let next = try await self.report(of: account)
            #expect(next.drifts.isEmpty && next.undecided.isEmpty)
        }
    }
}
