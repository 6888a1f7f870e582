import Foundation

/// What happened in a history, line by line.
final class SimulationTrace {
    private(set) var lines: [String] = []

    func add(_ time: Double, _ line: String) {
        lines.append("\(Self.clock(time))  \(line)")
    }

    static func clock(_ time: Double) -> String { String(format: "%9.3f", time) }
}
