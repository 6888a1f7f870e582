import Testing

/// The claims of ``Simulation`` over random histories of every profile.
@Suite struct SimulationTests {
    static let historiesEach = 700

    @Test(arguments: Profile.allCases)
    func theMirrorIsRightWhateverHappens(profile: Profile) async throws {
        var reads = 0
        for number in 0..<Self.historiesEach {
            let id = HistoryID(profile, seed: 1, number: number)
            let history = id.history
            var simulation = Simulation(history, over: MirrorInMemory(history.kind))
            let report = try await simulation.run()
            #expect(report.violations.isEmpty, "\(id.reproduction(by: "SimulationTests"))")
            reads += report.reads
            if number % 25 == 0 {
                await Task.yield()
            }
        }
        if !profile.isHostile {
            #expect(reads == 0, "no event was lost or late, so no read is needed")
        }
    }

    /// The history that a failure names, step by step.
    @Test(.enabled(if: HistoryID.requested != nil, "for PORTALD_SIMULATION, as a failure names it"))
    func reproduction() async throws {
        let id = try #require(HistoryID.requested.flatMap(HistoryID.init), "PORTALD_SIMULATION is like chaos/1/4711")
        let history = id.history
        let trace = SimulationTrace()
        var simulation = Simulation(history, over: MirrorInMemory(history.kind), trace: trace)
        let report = try await simulation.run()
        print(trace.lines.joined(separator: "\n"))
        #expect(report.violations.isEmpty)
    }
}
