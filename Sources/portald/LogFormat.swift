/// How a line of the log is written.
enum LogFormat: String, Sendable, CaseIterable {
    /// `level message name=value…`, for people and for what reads logfmt.
    case logfmt
    /// One JSON object, for programs that collect logs.
    case json
}
