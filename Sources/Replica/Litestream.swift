internal import Foundation
public import Logging
internal import Subprocess
internal import SystemPackage

/// The program Litestream, which replicates SQLite files: run as an operator would run it. https://litestream.io/reference/
public struct Litestream: Sendable {
    /// How long one look at the replica, or one small file to or from it, may take.
    static let patience: Duration = .seconds(10)
    /// How long it may take to end; a follower that waits for the file's lock does not end by itself.
    private static let farewell: Duration = .seconds(5)
    private static let outputLimit = 1 << 20

    private let program: String
    private let configuration: LitestreamConfiguration
    private let logger: Logger

    /// - Parameters:
    ///   - program: The program's name or path.
    ///   - configuration: Says where the replica is.
    ///   - logger: Gets what it reports while it runs on.
    public init(program: String, configuration: LitestreamConfiguration, logger: Logger) {
        self.program = program
        self.configuration = configuration
        self.logger = logger
    }

    /// Whether there is anything in a part of the replica.
    ///
    /// - Throws: ``LitestreamError``, also where the replica cannot be reached.
    func holds(_ part: ReplicaPart) async throws(LitestreamError) -> Bool {
        // Litestream looks the replica up by the name of the database, which need not be there.
        let output = try await run(
            "ltx",
            ["-level", "all", "-json"],
            part,
            database: Self.anyDatabase,
            [Self.anyDatabase]
        )
        let files: [LTXFile]
        do {
            files = try JSONDecoder().decode([LTXFile].self, from: Data(output.utf8))
        } catch {
            throw .failed("its list of files cannot be read")
        }
        return !files.isEmpty
    }

    private struct LTXFile: Decodable {
        var level: Int
    }

    private static let anyDatabase = "/nonexistent/portald.db"

    /// Copies the first state of a small database in the replica to a new file.
    ///
    /// - Throws: ``LitestreamError``.
    func restoreFirst(_ part: ReplicaPart, to file: String) async throws(LitestreamError) {
        let first = ["-txid", "0000000000000001", "-o", file]
        _ = try await run("restore", first, part, database: Self.anyDatabase, [Self.anyDatabase])
    }

    /// Copies a small database to the replica.
    ///
    /// - Throws: ``LitestreamError``.
    func copy(_ file: String, to part: ReplicaPart) async throws(LitestreamError) {
        _ = try await run("replicate", ["-once"], part, database: file, [])
    }

    /// Replicates a database until the task is cancelled.
    ///
    /// - Throws: ``LitestreamError`` where Litestream ends by itself.
    func replicate(_ file: String, to part: ReplicaPart) async throws(LitestreamError) {
        try await runOn("replicate", [], part, database: file, [])
    }

    /// Restores a new file and follows the replica into it until the task is cancelled.
    ///
    /// - Throws: ``LitestreamError`` where Litestream ends by itself.
    func follow(_ part: ReplicaPart, into file: String) async throws(LitestreamError) {
        try await runOn("restore", ["-f", "-o", file], part, database: Self.anyDatabase, [Self.anyDatabase])
    }

    // MARK: Running the program

    private func platform() -> PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: Self.farewell)]
        return options
    }

    private var executable: Executable { program.contains("/") ? .path(FilePath(program)) : .name(program) }

    private func arguments(_ command: String, _ options: [String], _ operands: [String]) -> Arguments {
        Arguments([command, "-config", configuration.path] + options + operands)
    }

    private func environment(_ part: ReplicaPart, _ database: String) -> Environment {
        Environment.inherit.updating([
            "PORTALD_DATABASE": database,
            "PORTALD_REPLICA": part.path,
        ])
    }

    /// Runs it to its end, and returns what it printed.
    private func run(
        _ command: String,
        _ options: [String],
        _ part: ReplicaPart,
        database: String,
        _ operands: [String]
    ) async throws(LitestreamError) -> String {
        let outcome = await withTaskGroup(of: Result<String, LitestreamError>?.self) { group in
            group.addTask { await self.runToEnd(command, options, part, database: database, operands) }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let outcome else { throw .timedOut }
        return try outcome.get()
    }

    private func runToEnd(
        _ command: String,
        _ options: [String],
        _ part: ReplicaPart,
        database: String,
        _ operands: [String]
    ) async -> Result<String, LitestreamError> {
        do {
            let result = try await Subprocess.run(
                executable,
                arguments: arguments(command, options, operands),
                environment: environment(part, database),
                platformOptions: platform(),
                output: .string(limit: Self.outputLimit),
                error: .string(limit: Self.outputLimit)
            )
            guard result.terminationStatus.isSuccess else {
                return .failure(.failed(Self.reason(in: result.standardError + result.standardOutput)))
            }
            return .success(result.standardOutput)
        } catch {
            return .failure(translated(error))
        }
    }

    /// Runs it until the task is cancelled.
    private func runOn(
        _ command: String,
        _ options: [String],
        _ part: ReplicaPart,
        database: String,
        _ operands: [String]
    ) async throws(LitestreamError) {
        do {
            let result = try await Subprocess.run(
                executable,
                arguments: arguments(command, options, operands),
                environment: environment(part, database),
                platformOptions: platform(),
                input: .none,
                output: .sequence,
                error: .combinedWithOutput
            ) { execution in
                var last = ""
                for try await line in execution.standardOutput.strings() {
                    last = line
                    self.report(line)
                }
                return last
            }
            guard !Task.isCancelled else { return }
            throw LitestreamError.failed(Self.reason(in: result.closureResult))
        } catch {
            guard !Task.isCancelled else { return }
            throw translated(error)
        }
    }

    private func translated(_ error: any Error) -> LitestreamError {
        switch error {
        case let error as LitestreamError: error
        case let error as SubprocessError where error.code == .executableNotFound: .notFound(program)
        default: .failed("\(error)")
        }
    }

    /// The last line says why.
    private static func reason(in output: String) -> String {
        let line = output.split(separator: "\n").last { !$0.allSatisfy(\.isWhitespace) } ?? "it ended without a word"
        return line.hasPrefix("Error: ") ? String(line.dropFirst(7)) : String(line)
    }

    /// Its warnings are the operator's to read; that it copies is no news.
    private func report(_ line: String) {
        let isTrouble = line.contains("level=WARN") || line.contains("level=ERROR") || line.hasPrefix("Error:")
        logger.log(level: isTrouble ? .warning : .debug, "Litestream", metadata: ["says": "\(line)"])
    }
}
