import ArgumentParser
import Foundation
import Logging
import Stripe

/// The command `portald serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Receive webhooks and serve the billing portal.",
        discussion: "Example: portald serve --config /etc/portald/portald.env"
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let source = try await options.source()
        let settings = try options.settings(from: source)
        let manager = try SettingsOptions.orRefuse { () throws(SettingsError) in
            try ServiceManager(environment: ProcessInfo.processInfo.environment)
        }
        let logger = Logger.portald(level: settings.logLevel, format: settings.logFormat)
        for name in UnknownSettings.names(among: source.names) {
            logger.warning("this setting is unknown and has no effect", metadata: ["setting": "\(name)"])
        }
        for status in settings.portalStatuses where !SubscriptionStatus.documented.contains(.init(rawValue: status)) {
            logger.warning("Stripe documents no such status", metadata: ["PORTALD_PORTAL_STATUSES": "\(status)"])
        }
        logger.notice(
            "starting",
            metadata: [
                "version": "\(Version.current)", "mode": settings.livemode ? "live" : "test",
                "database": "\(settings.database)", "api_version": "\(settings.apiVersion)",
            ]
        )
        OpenFileLimit.raise()
        do {
            try await Daemon(settings: settings, logger: logger, manager: manager).run()
        } catch {
            logger.critical("cannot go on", metadata: ["cause": "\(error)"])
            throw ExitCode.failure
        }
    }
}
