import Foundation
import Logging

/// Writes a log as lines of `level message name=value…`, or of JSON, to standard error, where journald takes it.
///
/// In the former, values are quoted where they hold anything but plain characters, so that no value can pass for a field or a line of
/// its own. The level is also journald's prefix (https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html)
/// where journald listens; elsewhere a time stands in front.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    private let level: LogLevel
    /// Of this logger alone.
    private var ownLevel: Logger.Level?
    private let format: LogFormat
    private let isJournal: Bool

    init(level: LogLevel, format: LogFormat = .logfmt, isJournal: Bool) {
        self.level = level
        self.format = format
        self.isJournal = isJournal
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? level.value }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // A full disk behind standard error must not end the daemon, and there is nowhere else to tell of it.
        try? FileHandle.standardError.write(contentsOf: Data((line(for: event, at: Date.now) + "\n").utf8))
    }

    func line(for event: LogEvent, at time: Date) -> String {
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
            .filter { name, _ in !name.hasPrefix("hb.") }.mapValues { "\($0)" }
        let priority = isJournal ? "<\(priority(of: event.level))>" : ""
        switch format {
        case .logfmt:
            return (isJournal ? priority : time.formatted(.iso8601) + " ") + text(of: event, fields)
        case .json:
            do {
                let line = JSONLogLine(level: event.level, message: event.message, fields: fields, at: time)
                return priority + (try line.text)
            } catch {
                return priority + text(of: event, fields)
            }
        }
    }

    private func text(of event: LogEvent, _ fields: [String: String]) -> String {
        fields.sorted { $0.key < $1.key }.reduce("\(event.level) \(Self.quote("\(event.message)", spaces: true))") {
            "\($0) \($1.key)=\(Self.quote($1.value, spaces: false))"
        }
    }

    /// A text as it is where it holds plain characters only, else in quotation marks and escaped.
    static func quote(_ text: String, spaces: Bool) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case " ": spaces
            case "\"", "=": false
            default: isVisible(scalar)
            }
        }
        guard !isPlain || text.isEmpty else { return text }
        return "\"" + text.unicodeScalars.map(escape).joined() + "\""
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case " ": " "
        case "\"", "\\": "\\\(scalar)"
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: isVisible(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        }
    }

    /// Whether a terminal and a pager show the character, and do nothing else with it.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .privateUse, .unassigned,
            .surrogate:
            false
        default:
            true
        }
    }

    /// The priorities of syslog(3).
    private func priority(of level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
