import Logging
import NIOConcurrencyHelpers

/// Keeps what is logged from `info` on.
final class LogCapture: Sendable {
    struct Entry: Sendable {
        var level: Logger.Level
        var message: String
        var fields: [String: String]
    }

    private let captured = NIOLockedValueBox<[Entry]>([])

    var entries: [Entry] { captured.withLockedValue { $0 } }
    var messages: [String] { entries.map(\.message) }
    /// What somebody should look at.
    var complaints: [Entry] { entries.filter { $0.level >= .warning } }
    /// All that was written, for a search for what must not be there.
    var text: String { entries.map { "\($0.message) \($0.fields)" }.joined(separator: "\n") }

    var logger: Logger {
        var logger = Logger(label: "captured") { _ in Handler(capture: self) }
        logger.logLevel = .info
        return logger
    }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
            let entry = Entry(
                level: event.level,
                message: "\(event.message)",
                fields: fields.mapValues { "\($0)" }
            )
            capture.captured.withLockedValue { $0.append(entry) }
        }
    }
}
