import ArgumentParser
import Foundation
import MirrorStore

/// The command `portald status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say what the mirror holds, what waits, and how current it is.",
        discussion: "Example: portald status --json | jq .oldest_unverified_seconds"
    )

    @OptionGroup var options: DatabaseOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let store = try await options.openReadOnly()
        do {
            let status = try MirrorStatus(of: store, now: Date.now.timeIntervalSince1970)
            print(json ? try JSONText.of(status) : StatusText(status).text)
        } catch {
            throw CommandFailure("\(error)")
        }
    }
}
