import Foundation
import Logging

/// A line of the log as one JSON object: `time`, `level`, `message`, and the fields beside them, all of them strings.
///
/// A field of one of those three names gets an underscore behind it, so that none passes for another.
struct JSONLogLine: Sendable {
    private let members: [String: String]

    init(level: Logger.Level, message: Logger.Message, fields: [String: String], at time: Date) {
        let own = [
            "time": time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)), "level": "\(level)",
            "message": "\(message)",
        ]
        let fields = fields.map { name, value in (own[name] == nil ? name : name + "_", value) }
        members = own.merging(fields) { own, _ in own }
    }

    /// The object; strings can always be written, and what is no Unicode has been replaced before.
    var text: String {
        get throws { try JSONText.of(members) }
    }
}
