import ArgumentParser
import Foundation
import Logging
import Replica
import Stripe
import UnixSignals

/// The command `portald serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Receive webhooks and serve the billing portal.",
        discussion: "SIGHUP has it read its settings anew. Example: portald serve --config /etc/portald/portald.env"
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        // Before all else: without this, the signal would end the daemon.
        let signals = await UnixSignalsSequence(trapping: .sighup)
        let source = try await options.ownSource()
        let settings = try options.settings(from: source)
        let environment = ProcessInfo.processInfo.environment
        let manager = try SettingsOptions.orRefuse { () throws(SettingsError) in
            try ServiceManager(environment: environment)
        }
        let level = LogLevel(settings.logLevel)
        let logger = Logger.portald(level: level, format: settings.logFormat)
        for name in UnknownSettings.names(among: source.names) {
            logger.warning("this setting is unknown and has no effect", metadata: ["setting": "\(name)"])
        }
        for status in settings.portalStatuses where !SubscriptionStatus.documented.contains(.init(rawValue: status)) {
            logger.warning("Stripe documents no such status", metadata: ["PORTALD_PORTAL_STATUSES": "\(status)"])
        }
        logger.notice(
            "starting",
            metadata: [
                "version": "\(Version.current)", "role": "\(settings.role.rawValue)",
                "mode": settings.livemode ? "live" : "test",
                "database": "\(settings.database)", "api_version": "\(settings.apiVersion)",
            ]
        )
        OpenFileLimit.raise()
        do {
            try await Daemon(
                settings: settings,
                logger: logger,
                manager: manager,
                reload: ReloadSource(
                    signals: signals,
                    started: SettingsSnapshot(source),
                    read: { [environment, config = options.config] () async throws(SettingsError) in
                        try await SettingsSource(environment: environment, configFile: config)
                    },
                    level: level,
                    outcome: ReloadOutcomeFile(environment: environment)
                )
            ).run()
        } catch let error as Fence.Superseded {
            logger.critical("superseded", metadata: ["cause": "\(error)"])
            throw ExitCode.superseded
        } catch {
            logger.critical("cannot go on", metadata: ["cause": "\(error)"])
            throw ExitCode.failure
        }
    }
}
