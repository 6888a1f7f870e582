import Foundation
import TestSupport
import Testing

/// The executable reference of the rule, which lives beside the checkout.
enum Reference {
    /// Runs a script of `Tests/Tools` over the reference.
    ///
    /// - Returns: The lines that it wrote, one JSON document each.
    static func output<Line: Decodable>(of script: String, _ arguments: String..., as line: Line.Type) async throws -> [Line] {
        let tools = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Tools")
        let reference = try #require(SharedFixtures.root).appending(path: "model/fastforward_reference.py")
        let file = FileManager.default.temporaryDirectory.appending(path: "reference-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-B", tools.appending(path: script).path, reference.path] + arguments
        process.standardOutput = try FileHandle(forWritingTo: file)
        try await withCheckedThrowingContinuation { (exit: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in exit.resume() }
            do {
                try process.run()
            } catch {
                exit.resume(throwing: error)
            }
        }
        try #require(process.terminationStatus == 0)
        let decoder = JSONDecoder()
        return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map {
            try decoder.decode(Line.self, from: Data($0))
        }
    }
}
