import Testing

/// The simulation can fail: it finds a history that breaks a claim for each part of the rule, and of the daemon, undone.
@Suite struct BrokenMirrorTests {
    static let historiesAtMost = 3000

    /// The profiles that attack the premise which a fault gives up.
    private func profiles(against fault: BrokenMirror.Fault) -> [Profile] {
        switch fault {
        case .forgetsDroppedEntries, .backfillsLikeAVerification: [.backfill]
        case .neverBars: [.edge, .late, .toggle]
        case .ignoresStaleness: [.stale, .edge]
        default: [.chaos, .toggle]
        }
    }

    @Test(arguments: BrokenMirror.Fault.allCases)
    func eachPartOfTheRuleIsNeeded(fault: BrokenMirror.Fault) async throws {
        let found = try await firstFailure(of: profiles(against: fault)) { history in
            var simulation = Simulation(history, over: BrokenMirror(history.kind, fault))
            return try await simulation.run()
        }
        print("\(fault): \(found.map { "\($0.id): \($0.violation)" } ?? "nothing found")")
        #expect(found != nil, "no history breaks a claim")
    }

    @Test(
        arguments: [
            (DaemonHabits(sweepsFromNewestEvent: true), .outage), (DaemonHabits(marksBackfillAtItsEnd: true), .backfill),
        ] as [(DaemonHabits, Profile)]
    )
    func eachHabitOfTheDaemonIsNeeded(habits: DaemonHabits, profile: Profile) async throws {
        let found = try await firstFailure(of: [profile]) { history in
            var simulation = Simulation(history, over: MirrorInMemory(history.kind), habits: habits)
            return try await simulation.run()
        }
        print("\(habits): \(found.map { "\($0.id): \($0.violation)" } ?? "nothing found")")
        #expect(found != nil, "no history breaks a claim")
    }

    private func firstFailure(
        of profiles: [Profile],
        _ run: (History) async throws -> SimulationReport
    ) async throws -> (id: HistoryID, violation: SimulationReport.Violation)? {
        for number in 0..<Self.historiesAtMost / profiles.count {
            for profile in profiles {
                let id = HistoryID(profile, seed: 3, number: number)
                if let violation = try await run(id.history).violations.first {
                    return (id, violation)
                }
            }
            await Task.yield()
        }
        return nil
    }
}
