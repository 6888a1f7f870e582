import Logging
import NIOConcurrencyHelpers

/// Keeps what is logged.
final class LogCapture: Sendable {
    struct Entry: Sendable {
        var level: Logger.Level
        var message: String
        var fields: [String: String]
    }

    private let captured = NIOLockedValueBox<[Entry]>([])

    var entries: [Entry] { captured.withLockedValue { $0 } }

    /// The lines about requests.
    var requests: [Entry] { entries.filter { $0.message == "request" } }

    /// A logger of every level.
    var logger: Logger {
        var logger = Logger(label: "captured") { _ in Handler(capture: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

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
