/// What `portald doctor` found about one thing.
struct Finding: Sendable, Hashable, Encodable {
    /// How bad it is.
    enum Level: String, Sendable, Comparable, CaseIterable, Encodable {
        /// As it should be.
        case ok
        /// It works, and something is lost by it.
        case warning
        /// Something does not work.
        case failure

        static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// What was looked at: a short name for scripts.
    var check: String
    var level: Level
    /// What was found, without any secret.
    var message: String
    /// The command to run, or the page to open; nil where nothing is to be done.
    var remedy: String?

    static func ok(_ check: String, _ message: String) -> Finding {
        Finding(check: check, level: .ok, message: message)
    }

    static func warning(_ check: String, _ message: String, remedy: String) -> Finding {
        Finding(check: check, level: .warning, message: message, remedy: remedy)
    }

    static func failure(_ check: String, _ message: String, remedy: String) -> Finding {
        Finding(check: check, level: .failure, message: message, remedy: remedy)
    }
}
