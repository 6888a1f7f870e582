import ArgumentParser
import Foundation
import MirrorStore
import Sync

extension EventsCommand {
    /// The command `portald events replay`.
    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have events applied again, by the path that deliveries take.",
            discussion: """
                It may run beside the daemon and be repeated: an event that was used already is not used twice, but has \
                its object read from Stripe by the daemon. One whose payload is not kept, or that never came in, is asked \
                for at Stripe, which keeps events for 30 days. It needs the daemon's settings.

                Exit codes: 0 all events were replayed, 1 one of them could not be applied or replayed.

                Example: portald events replay --failed
                Example: portald events replay --since 2h
                """
        )

        @OptionGroup var options: DatabaseOptions

        @Argument(help: "Ids of events.")
        var ids: [String] = []

        @Flag(help: "Replay the events that could not be applied.")
        var failed = false

        @Option(help: "Replay only what came in since: \(TimeArgument.help).")
        var since: TimeArgument?

        @Flag(help: "Print one JSON object a line.")
        var json = false

        func validate() throws {
            guard ids.isEmpty == (failed || since != nil) else {
                throw ValidationError("give ids of events, or --failed, or --since, or the last two together")
            }
        }

        func run() async throws {
            let source = try await options.settings.source()
            let settings = try options.settings.settings(from: source)
            let store = try await options.openForWriting()
            let lines = try await SyncSession(settings: settings, store: store).run { sync, _ in
                try await replay(sync)
            }
            tell(Self.summary(lines))
            guard lines.allSatisfy(\.isReplayed) else { throw ExitCode.failure }
        }

        private func replay(_ sync: SyncParts) async throws -> [Line] {
            let since = since?.seconds(now: Date.now.timeIntervalSince1970)
            let ids = ids.isEmpty ? try sync.eventLog.replayable(failedOnly: failed, receivedSince: since) : ids
            var lines: [Line] = []
            for id in ids {
                let (entry, result) = try await sync.replay.replay(id, now: Date.now.timeIntervalSince1970)
                let line = Line(id, entry, result)
                print(json ? try JSONText.of(line) : line.text)
                lines.append(line)
            }
            return lines
        }

        /// Beside JSON only on standard error, so that every line of the output is JSON.
        private func tell(_ summary: String) {
            if json {
                FileHandle.standardError.write(Data((summary + "\n").utf8))
            } else {
                print(summary)
            }
        }

        private static func summary(_ lines: [Line]) -> String {
            let counts = Dictionary(grouping: lines, by: \.result).sorted { $0.key < $1.key }
            let parts = counts.map { "\($0.value.count) \($0.key)" }
            let total = lines.count == 1 ? "1 event" : "\(lines.count) events"
            return parts.isEmpty ? "no events to replay" : "\(total): \(parts.joined(separator: ", "))"
        }
    }
}

extension EventsCommand.Replay {
    /// What is said of one event.
    struct Line: Encodable {
        var id: String
        var type: String?
        var objectID: String?
        /// The outcome's name, `read` or `impossible`.
        var result: String
        /// Why, where it could not be replayed.
        var reason: String?

        enum CodingKeys: String, CodingKey {
            case id, type, result, reason
            case objectID = "object_id"
        }

        init(_ id: String, _ entry: EventLog.Entry?, _ result: EventReplay.Result) {
            self.id = id
            type = entry?.type
            objectID = entry?.objectID
            switch result {
            case .replayed(let outcome): self.result = outcome.rawValue
            case .read: self.result = "read"
            case .impossible(let reason):
                self.result = "impossible"
                self.reason = reason
            }
        }

        var isReplayed: Bool { !["failed", "impossible"].contains(result) }

        var text: String {
            [result, type ?? "-", objectID ?? "-", id, reason].compactMap(\.self)
                .map { LineLogHandler.quote($0, spaces: true) }.joined(separator: "  ")
        }
    }
}
