import ArgumentParser
import Replica

/// The command `portald follow`.
struct FollowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Run Litestream on a node, so that its mirror follows the primary's.",
        discussion: """
            Whoever is the primary: once a standby is promoted, its mirror is followed. PORTALD_LITESTREAM_CONFIG names \
            Litestream's configuration, in which ${PORTALD_DATABASE} and ${PORTALD_REPLICA} stand for the mirror and its place \
            in the replica. PORTALD_DATABASE is made as a link to the file that is followed into.

            Exit codes: 0 told to end, 1 the mirror's folder cannot be used, 78 wrong settings.

            Example: portald follow --config /etc/portald/portald.env
            """
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let source = try await options.source()
        let settings = try SettingsOptions.orRefuse { () throws(SettingsError) in try ReplicaSettings(source) }
        try await ReplicaCommand.run(settings) { litestream, logger in
            try await Follower(litestream: litestream, database: settings.database, logger: logger).run()
        }
    }
}
