import ArgumentParser
import Foundation
import MirrorStore

/// The command `portald status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say what the mirror holds and what waits.",
        discussion: "Example: portald status --json | jq .pending_objects"
    )

    @OptionGroup var options: DatabaseOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let store = try await options.openReadOnly()
        do {
            let status = try MirrorStatus(of: store)
            print(json ? try JSONText.of(status) : Self.text(status))
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    private static func text(_ status: MirrorStatus) -> String {
        let events = status.events.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let waiting = status.pendingSince.map { ", the oldest since \(time($0))" } ?? ""
        let rows = [
            ("database", "\(status.database), \(status.databaseBytes / 1024) KiB, schema \(status.schema)"),
            ("customers", "\(status.customers.total), \(status.customers.unconfirmed) unconfirmed"),
            ("subscriptions", "\(status.subscriptions.total), \(status.subscriptions.unconfirmed) unconfirmed"),
            ("user links", "\(status.userLinks), \(status.linkConflicts) customers in conflict"),
            ("events", events.isEmpty ? "none" : events.joined(separator: ", ")),
            ("waiting", "\(status.pendingObjects) objects\(waiting)"),
            ("last event", status.lastEventReceivedAt.map(time) ?? "never"),
        ]
        return rows.map { $0.0.padding(toLength: 15, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
    }

    private static func time(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }
}
