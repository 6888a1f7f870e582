import ArgumentParser
import Foundation
import MirrorStore
import Sync

/// The command `portald verify`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare the whole mirror with Stripe.",
        discussion: """
            First it takes in the events that no webhook has brought; then a row that is not what Stripe has, and that no \
            event explains, has drifted. The daemon may run meanwhile. Exit code 0: in sync. 3: rows had drifted, whether \
            they were repaired or not. 1: it could not be told. Example: portald verify --repair
            """
    )

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Write Stripe's objects over rows that drifted.")
    var repair = false

    @Flag(help: "Print one JSON object.")
    var json = false

    /// What scripts read.
    private struct Summary: Encodable {
        struct Row: Encodable {
            var object: String
            var fields: [String]
            var repaired: Bool
        }

        var compared: Int
        var drifted: [Row]
        var undecided: [String]
    }

    func run() async throws {
        let settings = try options.settings(from: try await options.source())
        let report = try await SyncSession(settings: settings).run { sync, _ in
            guard try await sync.log.hasFinishedPass(.backfill) else {
                throw CommandFailure("the mirror has not been filled yet; run 'portald backfill'")
            }
            let progress = ProgressLine()
            let report = try await sync.verifier.verifyAll(repairing: repair) { await progress.report($0) }
            await progress.finish()
            return report
        }
        try show(report)
        guard report.drifts.isEmpty else { throw ExitCode.drift }
        guard report.undecided.isEmpty else { throw ExitCode.failure }
    }

    private func show(_ report: Verifier.Report) throws {
        if json {
            let rows = report.drifts.map {
                Summary.Row(object: $0.object.id, fields: $0.fields, repaired: $0.isRepaired)
            }
            print(try JSONText.of(Summary(compared: report.compared, drifted: rows, undecided: report.undecided)))
            return
        }
        for drift in report.drifts {
            let fields = drift.fields.isEmpty ? "is missing" : drift.fields.joined(separator: " ")
            print("\(drift.isRepaired ? "repaired" : "drifted ")  \(drift.object.id)  \(fields)")
        }
        for id in report.undecided {
            print(
                "undecided  \(id)  Stripe does not know it, or it changes all the time, or an event waits for the daemon"
            )
        }
        print("\(report.compared) compared, \(report.drifts.count) drifted, \(report.undecided.count) undecided")
    }
}
