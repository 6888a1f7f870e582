import Foundation
import Testing

@testable import MirrorStore

/// The claims of ``Simulation`` over the store: real objects, a real file, and nothing but the file after each kill.
@Suite struct StoreSimulationTests {
    static let historiesEach = 70

    @Test(arguments: Profile.allCases)
    func theFileIsRightWhateverHappens(profile: Profile) async throws {
        try await TestMirror.inFolder { folder in
            let template = folder.appending(path: "empty.db")
            try MirrorStore.open(path: template.path).store.close()
            var reads = 0
            for number in 0..<Self.historiesEach {
                let id = HistoryID(profile, seed: 2, number: number)
                let file = folder.appending(path: "\(number).db")
                try FileManager.default.copyItem(at: template, to: file)
                let history = id.history
                let trace = SimulationTrace()
                let mirror = try MirrorOnDisk(history.kind, at: file.path)
                var simulation = Simulation(history, over: mirror, trace: trace)
                let report = try await simulation.run()
                try simulation.mirror.close()
                try FileManager.default.removeItem(at: file)
                #expect(report.violations.isEmpty, "\(id) on disk:\n\(trace.lines.joined(separator: "\n"))")
                reads += report.reads
            }
            if !profile.isHostile {
                #expect(reads == 0)
            }
        }
    }
}
