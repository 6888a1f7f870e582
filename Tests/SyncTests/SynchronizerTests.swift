import MirrorStore
import Sandbox
import ServiceLifecycle
import StripeClient
import TestSupport
import Testing

@testable import Sync

/// Fills the mirror where sweeps cannot, and sweeps it otherwise.
@Suite(.timeLimit(.minutes(10))) struct SynchronizerTests {
    /// Runs the loop beside a body, until it is shut down gracefully.
    func running(_ account: MirroredAccount, _ body: @Sendable () async throws -> Void) async throws {
        let group = ServiceGroup(services: [account.synchronizer], logger: LogCapture().logger)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    func reasons(_ account: MirroredAccount) -> [String?] {
        account.capture.entries.filter { $0.message == "the mirror is filled from Stripe" }.map { $0.fields["reason"] }
    }

    @Test func theFirstStartFillsAndSaysSo() async throws {
        try await MirroredAccount.run { account in
            try account.sandbox.seed(customers: 5, subscriptions: 7)
            try await account.synchronizer.synchronizeOnce()
            #expect(reasons(account) == ["it never was"])
            let line = account.capture.entries.first { $0.message == "the mirror is filled" }
            #expect(line?.fields["customers"] == "5")
            #expect(line?.fields["subscriptions"] == "7")
            #expect(try await account.differences() == [])
            let lists = account.calls("GET /v1/customers")
            account.time.advance(by: 300)
            try await account.synchronizer.synchronizeOnce()
            #expect(account.calls("GET /v1/customers") == lists)
            #expect(account.calls("GET /v1/events") == 2)
        }
    }

    @Test(arguments: [(29, 0), (31, 1)]) func afterAnOutage(days: Int, fillings: Int) async throws {
        try await MirroredAccount.run { account in
            let customer = try account.customer()
            try await account.synchronizer.synchronizeOnce()
            #expect(reasons(account).count == 1)
            account.time.advance(by: 60)
            try account.rename(customer, "during the outage")
            account.time.advance(by: Double(days) * 86_400)
            try await account.synchronizer.synchronizeOnce()
            #expect(reasons(account).count == 1 + fillings)
            if fillings > 0 {
                #expect(reasons(account).last??.contains("31 days") == true)
            }
            #expect(try await account.value("SELECT name || confirmed FROM customers") == "during the outage1")
            try await account.synchronizer.synchronizeOnce()
            #expect(reasons(account).count == 1 + fillings)
        }
    }

    @Test func aBrokenOffBackfillIsGoneOnWith() async throws {
        try await MirroredAccount.run { account in
            try account.sandbox.seed(customers: 3, subscriptions: 3)
            account.sandbox.inject(APIFault(.status(500), path: "/v1/subscriptions"))
            await #expect(throws: SyncError.self) { try await account.synchronizer.synchronizeOnce() }
            try await account.synchronizer.synchronizeOnce()
            #expect(reasons(account) == ["it never was", "an earlier backfill was broken off among the subscriptions"])
            #expect(account.calls("GET /v1/customers") == 1)
        }
    }

    @Test func sweepsAtItsIntervalAndAtOnceWhereAskedTo() async throws {
        try await MirroredAccount.run { account in
            try await running(account) {
                await until { account.time.sleepers == 1 }
                #expect(account.calls("GET /v1/events") == 1)
                let customer = try account.customer()
                for _ in 0..<299 {
                    account.time.advance(by: 1)
                    await until { account.time.sleepers == 1 }
                }
                #expect(account.calls("GET /v1/events") == 1)
                account.time.advance(by: 1)
                await until { account.calls("GET /v1/events") == 2 }
                try await until { try await account.value("SELECT id FROM customers") == customer }
                await until { account.time.sleepers == 1 }
                try await account.log.requestSweep()
                account.time.advance(by: 1)
                await until { account.calls("GET /v1/events") == 3 }
                await until { account.time.sleepers == 1 }
                account.time.advance(by: 1)
                await until { account.time.sleepers == 1 }
                #expect(account.calls("GET /v1/events") == 3)
            }
            let found = account.capture.entries.filter { $0.message.contains("no webhook had brought") }
            #expect(found.map { $0.fields["missed"] } == ["1"])
            #expect(account.capture.complaints.isEmpty)
        }
    }

    @Test func aFailureIsTriedAgainWithGrowingPauses() async throws {
        try await MirroredAccount.run { account in
            account.sandbox.inject(APIFault(.status(503), path: "/v1/*", frequency: .next(3)))
            try await running(account) {
                for (failures, pause) in [(1, 2), (2, 4), (3, 8)] {
                    await until { account.time.sleepers == 1 }
                    #expect(account.capture.complaints.count == failures)
                    for _ in 0..<(pause - 1) {
                        account.time.advance(by: 1)
                        await until { account.time.sleepers == 1 }
                    }
                    #expect(account.capture.complaints.count == failures)
                    account.time.advance(by: 1)
                    if failures < 3 {
                        await until { account.capture.complaints.count == failures + 1 }
                    }
                }
                await until { account.calls("GET /v1/events") == 1 }
            }
            #expect(account.capture.complaints.count == 3)
            #expect(try await account.log.hasFinishedPass(.backfill))
        }
    }
}
