import Logging
import NIOConcurrencyHelpers

/// The level from which on the log is written: one for all loggers that do not have their own, and to be changed while they are in use.
final class LogLevel: Sendable {
    private let box: NIOLockedValueBox<Logger.Level>

    init(_ level: Logger.Level) {
        box = NIOLockedValueBox(level)
    }

    var value: Logger.Level {
        get { box.withLockedValue { $0 } }
        set { box.withLockedValue { $0 = newValue } }
    }
}
