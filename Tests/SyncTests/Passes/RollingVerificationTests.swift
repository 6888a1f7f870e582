import MirrorStore
import Sandbox
import ServiceLifecycle
import StripeClient
import TestSupport
import Testing

@testable import Sync

/// The verification that never ends: as fast as it may be, not before the mirror is filled, and with a memory.
@Suite(.timeLimit(.minutes(10))) struct RollingVerificationTests {
    func verification(of account: MirroredAccount, callsPerSecond: Double = 2) -> RollingVerification {
        RollingVerification(
            verifier: account.verifier(),
            log: account.log,
            callsPerSecond: callsPerSecond,
            now: account.now,
            clock: account.time,
            logger: account.capture.logger
        )
    }

    /// A mirror that is filled, a minute ago.
    func fill(_ account: MirroredAccount, customers: Int = 250, subscriptions: Int = 6) async throws {
        try account.sandbox.seed(customers: customers, subscriptions: subscriptions)
        _ = try await account.backfill.run()
        account.time.advance(by: 3)
        await account.refresher.refreshOnce()
        account.time.advance(by: 60)
    }

    @Test func waitsUntilTheMirrorIsFilled() async throws {
        try await MirroredAccount.run { account in
            var walk: Verifier.Walk?
            let pause = try await verification(of: account).step(&walk)
            #expect(pause == .seconds(10))
            #expect(walk == nil)
            #expect(account.sandbox.apiCalls == [:])
        }
    }

    @Test func aRoundKeepsItsPaceAndTheNextOneWaits() async throws {
        try await MirroredAccount.run { account in
            try await fill(account)
            let verification = verification(of: account)
            let calls = account.sandbox.apiCalls.values.reduce(0, +)
            let began = account.time.unix
            var walk: Verifier.Walk?
            var pauses: [Duration] = []
            repeat {
                pauses.append(try await verification.step(&walk))
                account.time.advance(by: 1)
            } while walk != nil
            // Three pages of customers, one of subscriptions, and nothing unlisted.
            #expect(pauses.dropLast() == Array(repeating: .milliseconds(500), count: 4)[...])
            #expect(account.sandbox.apiCalls.values.reduce(0, +) - calls == 4)
            #expect(pauses.last == .seconds(RollingVerification.shortestRound - (account.time.unix - 1 - began)))
            #expect(try await account.rows("SELECT purpose FROM passes ORDER BY 1") == ["backfill", "verification"])
            #expect(try await account.log.hasFinishedPass(.verification))
            #expect(try await account.number("SELECT min(checked_at) FROM object_states") ?? 0 >= began)
        }
    }

    @Test func goesOnAfterARestart() async throws {
        try await MirroredAccount.run { account in
            try await fill(account)
            var walk: Verifier.Walk?
            for _ in 0..<2 {
                _ = try await verification(of: account).step(&walk)
            }
            let calls = account.calls("GET /v1/customers")
            let pass = try #require(try await account.log.unfinishedPass(.verification))
            var later: Verifier.Walk?
            repeat {
                _ = try await verification(of: account).step(&later)
                #expect(later.map { $0.pass.id == pass.id } ?? true)
            } while later != nil
            #expect(account.calls("GET /v1/customers") == calls + 1)
        }
    }

    @Test func repairsAndNamesIDsButNoValues() async throws {
        try await MirroredAccount.run { account in
            try await fill(account, customers: 3, subscriptions: 0)
            let id = try #require(try await account.value("SELECT id FROM customers WHERE name = 'User 2'"))
            try await account.execute("UPDATE customers SET name = 'Mallory' WHERE id = '\(id)'")
            var walk: Verifier.Walk?
            repeat {
                _ = try await verification(of: account).step(&walk)
            } while walk != nil
            #expect(try await account.value("SELECT name FROM customers WHERE id = '\(id)'") == "User 2")
            #expect(account.capture.complaints.map { $0.fields["object"] } == [id])
            #expect(account.capture.complaints.map { $0.fields["fields"] } == ["name"])
            #expect(!account.capture.text.contains("Mallory") && !account.capture.text.contains("User 2"))
            #expect(try await account.value("SELECT drifted FROM passes WHERE purpose = 'verification'") == "1")
        }
    }

    @Test func aClockThatIsSetBackDoesNotSuspendIt() async throws {
        try await MirroredAccount.run { account in
            try await fill(account, customers: 3, subscriptions: 0)
            var walk: Verifier.Walk?
            _ = try await verification(of: account).step(&walk)
            account.time.setWall(by: -30 * 86_400)
            var pause: Duration
            repeat {
                pause = try await verification(of: account).step(&walk)
            } while walk != nil
            #expect(pause <= .seconds(RollingVerification.shortestRound))
        }
    }

    @Test func theLoopOutlivesAFailureAndStopsQuietly() async throws {
        try await MirroredAccount.run { account in
            try await fill(account, customers: 3, subscriptions: 0)
            account.sandbox.inject(APIFault(.status(500), path: "/v1/customers"))
            let group = ServiceGroup(
                services: [verification(of: account)],
                logger: LogCapture().logger
            )
            try await withThrowingTaskGroup { tasks in
                tasks.addTask { try await group.run() }
                await until { account.time.sleepers == 1 }
                #expect(account.capture.complaints.count == 1)
                #expect(account.time.naps.last == .seconds(60))
                account.time.advance(by: 60)
                try await until {
                    await until { account.time.sleepers == 1 }
                    let isFinished = try await account.log.hasFinishedPass(.verification)
                    if !isFinished { account.time.advance(by: 1) }
                    return isFinished
                }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            #expect(account.capture.complaints.count == 1)
        }
    }
}
