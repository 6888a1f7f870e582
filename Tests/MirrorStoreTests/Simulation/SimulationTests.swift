import Foundation
import Testing

/// The claims of ``Simulation`` over random histories of every profile.
@Suite struct SimulationTests {
    /// How many histories of each profile; a longer search asks for more, such as PORTALD_HISTORIES=20000.
    static let historiesEach = ProcessInfo.processInfo.environment["PORTALD_HISTORIES"].flatMap { Int($0) } ?? 700

    @Test(arguments: Profile.allCases)
    func theMirrorIsRightWhateverHappens(profile: Profile) async throws {
        var (events, reads, dropped) = (0, 0, 0)
        for number in 0..<Self.historiesEach {
            let id = HistoryID(profile, seed: 1, number: number)
            let history = id.history
            var simulation = Simulation(history, over: MirrorInMemory(history.kind))
            let report = try await simulation.run()
            try #require(report.violations.isEmpty, "\(id.reproduction(by: "SimulationTests"))")
            events += report.events
            reads += report.reads
            dropped += report.dropped
            if number % 25 == 0 {
                await Task.yield()
            }
        }
        print("\(profile): \(Self.historiesEach) histories, \(events) events, \(reads) reads, \(dropped) replies overtaken")
        #expect(events > Self.historiesEach)
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
