import ArgumentParser
import Foundation
import MirrorStore

/// The command `portald events`.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show the events that came in and what became of them, and have them applied again.",
        subcommands: [List.self, Show.self, Replay.self]
    )

    /// The command `portald events list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List events, the last received first.",
            discussion: "Example: portald events list --outcome failed"
        )

        @OptionGroup var options: DatabaseOptions

        @Option(
            help: "Only events of this outcome: \(Outcome.allCases.map(\.rawValue).joined(separator: ", ")).",
            transform: outcome
        )
        var outcome: Outcome?

        @Option(help: "Only events about this object, such as cus_… or sub_….")
        var object: String?

        @Option(help: "How many at most.")
        var limit = 50

        @Flag(help: "Print one JSON object a line.")
        var json = false

        private static func outcome(_ text: String) throws -> Outcome {
            guard let outcome = Outcome(rawValue: text) else {
                throw ValidationError("there is no outcome '\(text)'")
            }
            return outcome
        }

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit takes a number above 0") }
        }

        func run() async throws {
            let log = EventLog(store: try await options.openReadOnly())
            do {
                for entry in try log.entries(.init(outcome: outcome, objectID: object, limit: limit)) {
                    print(json ? try JSONText.of(entry) : Self.line(entry))
                }
            } catch {
                throw CommandFailure("\(error)")
            }
        }

        private static func line(_ entry: EventLog.Entry) -> String {
            let received = Date(timeIntervalSince1970: Double(entry.receivedAt)).formatted(.iso8601)
            let fields = [received, entry.outcome, entry.type, entry.objectID ?? "-", entry.id, entry.error]
            return fields.compactMap(\.self).map { LineLogHandler.quote($0, spaces: true) }.joined(separator: "  ")
        }
    }

    /// The command `portald events show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one event with its payload, which may hold personal data.",
            discussion: "Example: portald events show evt_1NG8Du2eZvKYlo2CUI79vXWy"
        )

        @OptionGroup var options: DatabaseOptions

        @Argument(help: "The event's id.")
        var id: String

        func run() async throws {
            let log = EventLog(store: try await options.openReadOnly())
            let found: (entry: EventLog.Entry, payload: String?)?
            do {
                found = try log.event(id)
            } catch {
                throw CommandFailure(error)
            }
            guard let found else { throw CommandFailure("no event \(id) came in") }
            print(try JSONText.of(found.entry))
            print(found.payload ?? "(the payload is not kept)")
        }
    }
}
