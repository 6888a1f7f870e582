internal import Foundation
public import Logging
internal import Subprocess
internal import SystemPackage

/// The program Litestream, which replicates SQLite files: run as an operator would run it. https://litestream.io/reference/
public struct Litestream: Sendable {
    /// How long a replicating one may take to end.
    private static let farewell: Duration = .seconds(5)
    private static let outputLimit = 1 << 20
    /// Litestream looks up where a replica is by the name of the database, which need not be there.
    private static let anyDatabase = "/nonexistent/portald.db"

    private let program: String
    private let configuration: LitestreamConfiguration
    private let environment: [String: String]
    private let patience: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - program: The program's name or path.
    ///   - configuration: Says where the replica is.
    ///   - environment: What it has to find in its environment beside what is there, such as the replica's keys.
    ///   - patience: How long one look at the replica, or one small file from it, may take: Litestream itself may wait for ever.
    ///   - logger: Gets what it reports while it runs on.
    public init(
        program: String,
        configuration: LitestreamConfiguration,
        environment: [String: String] = [:],
        patience: Duration = .seconds(10),
        logger: Logger
    ) {
        self.program = program
        self.configuration = configuration
        self.environment = environment
        self.patience = patience
        self.logger = logger
    }

    /// One run of the program.
    private struct Invocation {
        var command: String
        var options: [String] = []
        var operands: [String] = [Litestream.anyDatabase]
        var part: ReplicaPart
        var database = Litestream.anyDatabase
    }

    /// What the program calls its version, such as `0.5.17`.
    ///
    /// - Throws: ``LitestreamError`` where it cannot be run.
    public func version() async throws(LitestreamError) -> String {
        // No part of the replica has to do with it.
        let output = try await run(Invocation(command: "version", operands: [], part: .mirror(epoch: 1)))
        return output.filter { !$0.isWhitespace }
    }

    /// Whether there is anything in a part of the replica.
    ///
    /// - Throws: ``LitestreamError``, also where the replica cannot be reached.
    func holds(_ part: ReplicaPart) async throws(LitestreamError) -> Bool {
        try await !files(of: part, level: "all").isEmpty
    }

    /// The position that a mirror in the replica was last written up to; nil where nothing was written of late.
    ///
    /// - Throws: ``LitestreamError``, also where the replica cannot be reached.
    func position(of part: ReplicaPart) async throws(LitestreamError) -> String? {
        try await files(of: part, level: "0").map(\.position).max()
    }

    private struct LTXFile: Decodable {
        /// A hexadecimal number; all are of one length.
        var position: String

        enum CodingKeys: String, CodingKey {
            case position = "max_txid"
        }
    }

    private func files(of part: ReplicaPart, level: String) async throws(LitestreamError) -> [LTXFile] {
        let output = try await run(Invocation(command: "ltx", options: ["-level", level, "-json"], part: part))
        // Warnings may come before it.
        let lines = output.split(separator: "\n").drop { !$0.hasPrefix("[") }
        do {
            return try JSONDecoder().decode([LTXFile].self, from: Data(lines.joined(separator: "\n").utf8))
        } catch {
            throw .failed("its list of files cannot be read")
        }
    }

    /// Copies the first state of a small database in the replica to a new file.
    ///
    /// - Throws: ``LitestreamError``.
    func restoreFirst(_ part: ReplicaPart, to file: String) async throws(LitestreamError) {
        let first = ["-txid", "0000000000000001", "-o", file]
        _ = try await run(Invocation(command: "restore", options: first, part: part))
    }

    /// Copies a small database to the replica, within a time or not at all.
    ///
    /// - Throws: ``LitestreamError``; it may have been written all the same, where others write at the same time.
    func copy(_ file: String, to part: ReplicaPart, within limit: Duration) async throws(LitestreamError) {
        let invocation = Invocation(command: "replicate", options: ["-once"], operands: [], part: part, database: file)
        _ = try await run(invocation, within: limit)
    }

    /// Replicates a database until the task is cancelled.
    ///
    /// - Throws: ``LitestreamError`` where Litestream ends by itself.
    func replicate(_ file: String, to part: ReplicaPart) async throws(LitestreamError) {
        // What it has captured is written to the replica first.
        let farewell = TeardownStep.gracefulShutDown(allowedDurationToNextStep: Self.farewell)
        let invocation = Invocation(command: "replicate", operands: [], part: part, database: file)
        try await runOn(invocation, endingBy: [farewell])
    }

    /// Restores a new file and follows the replica into it until the task is cancelled; what is left then may be torn.
    ///
    /// - Throws: ``LitestreamError`` where Litestream ends by itself.
    func follow(_ part: ReplicaPart, into file: String) async throws(LitestreamError) {
        // One that waits for the file's lock would not end by itself.
        try await runOn(Invocation(command: "restore", options: ["-f", "-o", file], part: part), endingBy: [])
    }

    // MARK: Running the program

    private var executable: Executable { program.contains("/") ? .path(FilePath(program)) : .name(program) }

    private func arguments(_ invocation: Invocation) -> Arguments {
        // Of all commands this one reads no configuration.
        let configured = invocation.command == "version" ? [] : ["-config", configuration.path]
        return Arguments([invocation.command] + configured + invocation.options + invocation.operands)
    }

    private func environment(_ invocation: Invocation) -> Environment {
        var values = Dictionary(
            uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), Optional($1)) }
        )
        values["PORTALD_DATABASE"] = invocation.database
        values["PORTALD_REPLICA"] = invocation.part.path
        return .inherit.updating(values)
    }

    /// Runs it to its end, and returns what it printed.
    private func run(
        _ invocation: Invocation,
        within limit: Duration? = nil
    ) async throws(LitestreamError) -> String {
        let limit = limit ?? patience
        let outcome = await withTaskGroup(of: Result<String, LitestreamError>?.self) { group in
            group.addTask { await self.runToEnd(invocation) }
            group.addTask {
                // Cut short where the program has ended.
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let outcome else { throw .timedOut }
        return try outcome.get()
    }

    /// A cancelled task kills it: it has nothing to finish.
    private func runToEnd(_ invocation: Invocation) async -> Result<String, LitestreamError> {
        do {
            let result = try await Subprocess.run(
                executable,
                arguments: arguments(invocation),
                environment: environment(invocation),
                output: .string(limit: Self.outputLimit),
                error: .string(limit: Self.outputLimit)
            )
            guard result.terminationStatus.isSuccess else {
                return .failure(.failed(Self.reason(in: result.standardOutput + "\n" + result.standardError)))
            }
            return .success(result.standardOutput)
        } catch {
            return .failure(translated(error))
        }
    }

    /// Runs it until the task is cancelled.
    private func runOn(_ invocation: Invocation, endingBy steps: [TeardownStep]) async throws(LitestreamError) {
        var options = PlatformOptions()
        options.teardownSequence = steps
        do {
            let result = try await Subprocess.run(
                executable,
                arguments: arguments(invocation),
                environment: environment(invocation),
                platformOptions: options,
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
