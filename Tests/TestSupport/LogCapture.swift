package import Logging
internal import NIOConcurrencyHelpers

/// Keeps what is logged.
package final class LogCapture: Sendable {
    package struct Entry: Sendable {
        package var level: Logger.Level
        package var message: String
        package var fields: [String: String]
    }

    private let level: Logger.Level
    private let captured = NIOLockedValueBox<[Entry]>([])

    /// - Parameter level: The least level that is kept.
    package init(level: Logger.Level = .trace) {
        self.level = level
    }

    package var entries: [Entry] { captured.withLockedValue { $0 } }
    package var messages: [String] { entries.map(\.message) }
    /// The lines about requests.
    package var requests: [Entry] { entries.filter { $0.message == "request" } }
    /// What somebody should look at.
    package var complaints: [Entry] { entries.filter { $0.level >= .warning } }
    /// All that was written, for a search for what must not be there.
    package var text: String { entries.map { "\($0.message) \($0.fields)" }.joined(separator: "\n") }

    package var logger: Logger {
        var logger = Logger(label: "captured") { _ in Handler(capture: self, logLevel: level) }
        logger.logLevel = level
        return logger
    }

    private struct Handler: LogHandler {
        let capture: LogCapture
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level

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
