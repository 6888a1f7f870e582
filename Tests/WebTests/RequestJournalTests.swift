import MirrorStore
import ServiceLifecycleTestKit
import TestSupport
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct RequestJournalTests {
    private static func answer(_ number: Int, to user: String = "alice") throws -> AnsweredRequest {
        AnsweredRequest(
            id: "req_\(number)",
            user: try UserID(user),
            at: Double(number),
            endpoint: "/",
            code: "listed",
            customer: nil,
            milliseconds: 1
        )
    }

    private static func with(_ body: (AnsweredRequestLog, LogCapture, MirrorStore) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let (store, _) = try MirrorStore.open(path: folder.path("mirror.db"))
        try await body(AnsweredRequestLog(store: store), LogCapture(), store)
        try store.close()
        try folder.remove()
    }

    /// What came in is written without a shutdown.
    @Test func writesAsAnswersCome() async throws {
        try await Self.with { log, capture, _ in
            let clock = ManualClock()
            let journal = RequestJournal(log: log, clock: clock, logger: capture.logger)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await journal.run() }
                journal.append(try Self.answer(1))
                await clock.sleepers(1, within: RequestJournal.interval)
                clock.advance(by: RequestJournal.interval)
                // The next pause begins after the first answer is written.
                journal.append(try Self.answer(2))
                await clock.sleepers(1, within: RequestJournal.interval)
                #expect(try await log.request("req_1") != nil)
                group.cancelAll()
            }
        }
    }

    @Test func writesTheLastOnesAtShutdown() async throws {
        try await Self.with { log, capture, _ in
            let journal = RequestJournal(log: log, logger: capture.logger)
            try await testGracefulShutdown { trigger in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await journal.run() }
                    journal.append(try Self.answer(1))
                    trigger.triggerGracefulShutdown()
                    try await group.waitForAll()
                }
            }
            #expect(try await log.request("req_1") != nil)
            #expect(journal.waitingCount == 0)
        }
    }

    @Test func dropsTheOldestAndSaysHowMany() async throws {
        try await Self.with { log, capture, _ in
            let journal = RequestJournal(log: log, logger: capture.logger)
            for number in 0..<RequestJournal.capacity + 3 {
                journal.append(try Self.answer(number, to: "user \(number)"))
            }
            #expect(journal.waitingCount == RequestJournal.capacity)
            await journal.flushOnce()
            #expect(try await log.request("req_2") == nil)
            #expect(try await log.request("req_3") != nil)
            #expect(capture.entries.map(\.fields) == [["dropped": "3"]])
        }
    }

    @Test func keepsWhatCouldNotBeWritten() async throws {
        try await Self.with { log, capture, store in
            let journal = RequestJournal(log: log, logger: capture.logger)
            try store.close()
            journal.append(try Self.answer(1))
            for _ in 0..<3 { await journal.flushOnce() }
            #expect(journal.waitingCount == 1)
            #expect(capture.entries.count == 1 && capture.entries.first?.fields["cause"] != nil)
        }
    }
}
