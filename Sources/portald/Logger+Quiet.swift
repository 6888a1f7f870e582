import Logging

extension Logger {
    /// The same log for a library that tells of each step of its own.
    var quiet: Logger {
        var logger = self
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
