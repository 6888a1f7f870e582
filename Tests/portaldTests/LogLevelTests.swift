import Logging
import Testing

@testable import portald

@Suite struct LogLevelTests {
    @Test func changesLoggersThatAreInUse() {
        let level = LogLevel(.info)
        let logger = Logger.portald(level: level)
        var copy = logger
        copy[metadataKey: "listener"] = "admin"
        level.value = .error
        #expect(logger.logLevel == .error)
        #expect(copy.logLevel == .error)
    }

    @Test func leavesALoggersOwnLevelAlone() {
        let level = LogLevel(.info)
        var logger = Logger.portald(level: level)
        logger.logLevel = .warning
        level.value = .trace
        #expect(logger.logLevel == .warning)
        #expect(Logger.portald(level: level).logLevel == .trace)
    }
}
