import Foundation

/// A program found on the path.
enum Command {
    struct Failure: Error {
        let arguments: [String]
        let status: Int32
    }

    /// Runs the program with `input` on its standard input, and returns its standard output.
    static func run(_ arguments: [String], input: String) throws -> String {
        // A pipe would raise SIGPIPE here if the program ended without reading it.
        let inputFile = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(input.utf8).write(to: inputFile)
        defer { try? FileManager.default.removeItem(at: inputFile) }

        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        let standardOutput = Pipe()
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        process.standardOutput = standardOutput
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(arguments: arguments, status: process.terminationStatus)
        }
        return String(decoding: output, as: UTF8.self)
    }
}
