import Testing

@testable import MirrorStore

/// How far the mirror has been brought up to date, as each process that has the file open sees it.
@Suite(.timeLimit(.minutes(10))) struct SyncLogTests {
    static let now: Double = 1_700_000_100.5

    @Test func aMarkOnlyMovesOn() async throws {
        try await ObjectReadsTests.withTwo { mirror, other async throws in
            let (log, command) = (SyncLog(store: mirror.store), SyncLog(store: other))
            #expect(try await log.sweeps() == SyncLog.Sweeps(sweptTo: nil, isRequested: false))
            try await log.markSwept(to: 500, at: Self.now)
            try await command.markSwept(to: 400, at: Self.now + 1)
            #expect(try await log.sweeps().sweptTo == 500)
            try await command.markSwept(to: 600, at: Self.now + 2)
            #expect(try await log.sweeps().sweptTo == 600)
            #expect(try mirror.strings("SELECT swept_at FROM sync_state") == ["\(Self.now + 2)"])
        }
    }

    @Test func aSweepIsAskedForByAnotherProcess() async throws {
        try await ObjectReadsTests.withTwo { mirror, other async throws in
            let log = SyncLog(store: mirror.store)
            try await SyncLog(store: other).requestSweep()
            #expect(try await log.sweeps().isRequested)
            try await log.clearSweepRequest()
            try await log.clearSweepRequest()
            #expect(try await !log.sweeps().isRequested)
        }
    }

    @Test func aPassIsKeptAsItIs() async throws {
        try await ObjectReadsTests.withTwo { mirror, other async throws in
            let (log, command) = (SyncLog(store: mirror.store), SyncLog(store: other))
            #expect(try await log.unfinishedPass(.backfill) == nil)
            var pass = try await log.beginPass(.backfill, at: Self.now, date: 1_700_000_099)
            #expect((pass.stage, pass.cursor, pass.beganAt, pass.beganDate) == (.customers, nil, Self.now, 1_700_000_099))
            for stage in [Pass.Stage.customers, .subscriptions, .unlisted] {
                pass.stage = stage
                pass.cursor = "\(stage)"
                pass.customers += 100
                pass.subscriptions += 10
                pass.drifted += 1
                try await log.save(pass)
                #expect(try await command.unfinishedPass(.backfill) == pass)
                #expect(try await command.unfinishedPass(.verification) == nil)
            }
            #expect(try await !log.hasFinishedPass(.backfill))
            try await command.finish(pass, at: Self.now + 9)
            #expect(try await log.hasFinishedPass(.backfill))
            #expect(try await !log.hasFinishedPass(.verification))
            #expect(try await log.unfinishedPass(.backfill) == nil)
        }
    }

    @Test func ofEachPurposeTheLastFinishedOneIsKept() async throws {
        try await TestMirror.with { mirror async throws in
            let log = SyncLog(store: mirror.store)
            for round in 1...3 {
                for purpose in [Pass.Purpose.backfill, .verification] {
                    var pass = try await log.beginPass(purpose, at: Self.now, date: Int64(round))
                    pass.customers = round
                    try await log.finish(pass, at: Self.now + Double(round))
                }
            }
            let kept = try mirror.strings("SELECT purpose || ' ' || customers || ' ' || finished_at FROM passes ORDER BY 1")
            #expect(kept == ["backfill 3 \(Self.now + 3)", "verification 3 \(Self.now + 3)"])
        }
    }

    @Test func aPassThatIsUnderWayIsNotBegunAnew() async throws {
        try await TestMirror.with { mirror async throws in
            let log = SyncLog(store: mirror.store)
            #expect(try await log.finishedPass(.backfill) == nil)
            var first = try await log.beginPass(.backfill, at: 1, date: 1)
            first.cursor = "cus_1"
            try await log.save(first)
            #expect(try await log.beginPass(.backfill, at: 2, date: 2) == first)
            try await log.finish(first, at: 3)
            #expect(try await log.finishedPass(.backfill) == first)
            #expect(try await log.beginPass(.backfill, at: 4, date: 4).cursor == nil)
        }
    }

    @Test func anUnfinishedPassBesideAFinishedOneIsFound() async throws {
        try await TestMirror.with { mirror async throws in
            let log = SyncLog(store: mirror.store)
            try await log.finish(try await log.beginPass(.backfill, at: 1, date: 1), at: 2)
            let second = try await log.beginPass(.backfill, at: 3, date: 3)
            #expect(try await log.unfinishedPass(.backfill) == second)
            #expect(try await log.hasFinishedPass(.backfill))
        }
    }

    @Test func aBackfillLeavesTheMarkAtItsOwnBeginning() async throws {
        try await TestMirror.with { mirror async throws in
            let log = SyncLog(store: mirror.store)
            try await log.markSwept(to: 100, at: Self.now)
            let verification = try await log.beginPass(.verification, at: Self.now, date: 700)
            try await log.finish(verification, at: Self.now)
            #expect(try await log.sweeps().sweptTo == 100, "a verification says nothing of events")
            let backfill = try await log.beginPass(.backfill, at: Self.now, date: 500)
            try await log.finish(backfill, at: Self.now + 3600)
            #expect(try await log.sweeps().sweptTo == 500)
            // Sweeps that went on meanwhile have come further.
            let second = try await log.beginPass(.backfill, at: Self.now, date: 600)
            try await log.markSwept(to: 800, at: Self.now)
            try await log.finish(second, at: Self.now + 3600)
            #expect(try await log.sweeps().sweptTo == 800)
        }
    }
}
