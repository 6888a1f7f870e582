import ArgumentParser
import Foundation
import Logging

/// Where a command reads its settings.
struct SettingsOptions: ParsableArguments {
    @Option(help: "A file of NAME=value lines, for settings that the environment does not have.")
    var config: String?

    /// The settings that the command is given; where it is given none, those of the installed service.
    func source() async throws -> SettingsSource {
        try await read { environment, config async throws(SettingsError) in
            try await InstalledSettings().source(environment: environment, configFile: config)
        }
    }

    /// The settings that the command is given, for the service itself.
    func ownSource() async throws -> SettingsSource {
        try await read { environment, config async throws(SettingsError) in
            try await SettingsSource(environment: environment, configFile: config)
        }
    }

    private func read(
        _ source: ([String: String], String?) async throws(SettingsError) -> SettingsSource
    ) async throws -> SettingsSource {
        do {
            return try await source(ProcessInfo.processInfo.environment, config)
        } catch {
            throw Self.refuse(error)
        }
    }

    func settings(from source: SettingsSource) throws -> Settings {
        try Self.orRefuse { () throws(SettingsError) in try Settings(source) }
    }

    /// Ends the command where settings are not usable.
    static func orRefuse<Value>(_ read: () throws(SettingsError) -> Value) throws -> Value {
        do {
            return try read()
        } catch {
            throw refuse(error)
        }
    }

    private static func refuse(_ error: SettingsError) -> ExitCode {
        FileHandle.standardError.write(Data("portald: \(error)\n".utf8))
        return .configuration
    }
}

extension Logger {
    /// The program's log, on standard error.
    static func portald(level: Logger.Level, format: LogFormat = .logfmt) -> Logger {
        portald(level: LogLevel(level), format: format)
    }

    /// The program's log, on standard error, with a level that may change.
    static func portald(level: LogLevel, format: LogFormat = .logfmt) -> Logger {
        // systemd sets it where standard error is connected to the journal.
        let isJournal = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil
        return Logger(label: "portald") { _ in LineLogHandler(level: level, format: format, isJournal: isJournal) }
    }
}
