import Logging
import Replica

/// The settings of the commands that run Litestream, which need few of the daemon's.
struct ReplicaSettings: Sendable {
    /// `PORTALD_DATABASE`.
    var database: String
    /// `PORTALD_LITESTREAM_CONFIG`, required here.
    var litestreamConfig: String
    /// `PORTALD_LITESTREAM`.
    var litestream: String
    /// What Litestream has to find in its environment beside what is there.
    var litestreamEnvironment: [String: String]
    /// `PORTALD_LOG_LEVEL`.
    var logLevel: Logger.Level
    /// `PORTALD_LOG_FORMAT`.
    var logFormat: LogFormat

    /// Reads and validates them.
    ///
    /// - Throws: ``SettingsError`` with every fault.
    init(_ source: SettingsSource) throws(SettingsError) {
        var reader = SettingsReader(source: source)
        let config = reader.litestreamConfig()
        if config == nil, reader.faults.isEmpty {
            reader.fault("PORTALD_LITESTREAM_CONFIG", "is not set: the path of Litestream's configuration")
        }
        database = Settings.database(in: source)
        litestream = reader.litestream()
        litestreamEnvironment = source.litestreamEnvironment
        logLevel = reader.logLevel("PORTALD_LOG_LEVEL", default: .info)
        logFormat = reader.choice("PORTALD_LOG_FORMAT", default: .logfmt)
        guard reader.faults.isEmpty, let config else { throw SettingsError(faults: reader.faults) }
        litestreamConfig = config
    }

    var logger: Logger { Logger.portald(level: logLevel, format: logFormat) }

    /// The program with its configuration.
    ///
    /// - Throws: ``LitestreamError`` where the configuration cannot be used.
    func program(logger: Logger) throws(LitestreamError) -> Litestream {
        let configuration = try LitestreamConfiguration(path: litestreamConfig)
        return Litestream(
            program: litestream,
            configuration: configuration,
            environment: litestreamEnvironment,
            logger: logger
        )
    }
}
