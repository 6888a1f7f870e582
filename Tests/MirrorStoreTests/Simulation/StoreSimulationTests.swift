import Foundation
import Testing

@testable import MirrorStore

/// The claims of ``Simulation`` over the store: real objects, a real file, and nothing but the file after each kill.
@Suite struct StoreSimulationTests {
    static let historiesEach = 67

    @Test(arguments: Profile.allCases)
    func theFileIsRightWhateverHappens(profile: Profile) async throws {
        try await Self.withEmptyFile { empty in
            var reads = 0
            for number in 0..<Self.historiesEach {
                let id = HistoryID(profile, seed: 2, number: number)
                let report = try await Self.run(id, on: empty)
                try #require(report.violations.isEmpty, "\(id.reproduction(by: "StoreSimulationTests"))")
                reads += report.reads
            }
            if !profile.isHostile {
                #expect(reads == 0, "no event was lost or late, so no read is needed")
            }
        }
    }

    /// The history that a failure names, step by step.
    @Test(.enabled(if: HistoryID.requested != nil, "for PORTALD_SIMULATION, as a failure names it"))
    func reproduction() async throws {
        let id = try #require(HistoryID.requested.flatMap(HistoryID.init), "PORTALD_SIMULATION is like chaos/1/4711")
        try await Self.withEmptyFile { empty in
            let trace = SimulationTrace()
            let report = try await Self.run(id, on: empty, trace: trace)
            print(trace.lines.joined(separator: "\n"))
            #expect(report.violations.isEmpty)
        }
    }

    private static func withEmptyFile(_ body: (URL) async throws -> Void) async throws {
        try await TestMirror.inFolder { folder in
            let empty = folder.appending(path: "empty.db")
            try MirrorStore.open(path: empty.path).store.close()
            try await body(empty)
        }
    }

    private static func run(_ id: HistoryID, on empty: URL, trace: SimulationTrace? = nil) async throws -> SimulationReport {
        let file = empty.deletingLastPathComponent().appending(path: "mirror.db")
        try FileManager.default.copyItem(at: empty, to: file)
        let history = id.history
        var simulation = Simulation(history, over: try MirrorOnDisk(history.kind, at: file.path), trace: trace)
        let report = try await simulation.run()
        try simulation.mirror.close()
        try FileManager.default.removeItem(at: file)
        return report
    }
}
