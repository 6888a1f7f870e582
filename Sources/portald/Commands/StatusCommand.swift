import ArgumentParser
import Foundation
import MirrorStore
import Web

/// The command `portald status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say what is wrong, if anything, what the mirror holds, what waits, and how current it is.",
        discussion: """
            It says what the status page says, from the mirror alone: the daemon need not run. That it does not run shows by \
            the age of the last sweep, after three of PORTALD_SWEEP_INTERVAL and a quarter of an hour at least.

            Exit codes: 0 all is well, 1 something does not work, or it could not be told, 4 warnings only, 78 wrong settings.

            Example: portald status --json | jq .oldest_unverified_seconds
            """
    )

    @OptionGroup var options: DatabaseOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    /// What scripts read: the status with the verdict on it.
    private struct Answer: Encodable {
        let status: MirrorStatus
        let verdict: StatusVerdict

        private enum CodingKeys: String, CodingKey {
            case verdict
        }

        func encode(to encoder: any Encoder) throws {
            try status.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(verdict, forKey: .verdict)
        }
    }

    func run() async throws {
        let source = try await options.settings.source()
        let sweepInterval = try SettingsOptions.orRefuse { () throws(SettingsError) in
            try Settings.sweepInterval(in: source)
        }
        let lagLimit = try SettingsOptions.orRefuse { () throws(SettingsError) in
            try Settings.maxStaleness(in: source)
        }
        let store = try await options.openReadOnly()
        let report: MirrorReport
        do throws(MirrorError) {
            report = try await MirrorReport(of: store, now: Date.now.timeIntervalSince1970)
        } catch {
            throw CommandFailure(error)
        }
        let verdict = StatusVerdict(report, sweepInterval: sweepInterval, lagLimit: Double(lagLimit))
        print(
            json
                ? try JSONText.of(Answer(status: report.status, verdict: verdict))
                : StatusText(report.status, verdict).text
        )
        switch verdict.level {
        case .good: break
        case .warning: throw ExitCode.warnings
        case .failure: throw ExitCode.failure
        }
    }
}
