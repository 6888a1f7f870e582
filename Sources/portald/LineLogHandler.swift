import Foundation
import Logging

/// Writes a log as lines of `level message name=value…` to standard error, where journald takes it.
///
/// Values are quoted where they hold anything but plain characters, so that no value can pass for a field or a line of
/// its own. The level is also journald's prefix (https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html)
/// where journald listens; elsewhere a time stands in front.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let isJournal: Bool

    init(level: Logger.Level, isJournal: Bool) {
        logLevel = level
        self.isJournal = isJournal
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = isJournal ? "<\(priority(of: event.level))>" : Date.now.formatted(.iso8601) + " "
        line += "\(event.level) \(Self.quote("\(event.message)", spaces: true))"
        let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("hb.") {
            line += " \(name)=\(Self.quote("\(value)", spaces: false))"
        }
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    private static func quote(_ text: String, spaces: Bool) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            (scalar.value > 0x20 && scalar.value != 0x7F && scalar != "\"" && scalar != "=")
                || (spaces && scalar == " ")
        }
        return isPlain && !text.isEmpty ? text : text.debugDescription
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
