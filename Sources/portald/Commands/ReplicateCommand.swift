import ArgumentParser
import Foundation
import MirrorStore
import Replica

/// The command `portald replicate`.
struct ReplicateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replicate",
        abstract: "Run Litestream beside the primary, for as long as no other primary has taken over.",
        discussion: """
            PORTALD_LITESTREAM_CONFIG names Litestream's configuration, in which ${PORTALD_DATABASE} and ${PORTALD_REPLICA} \
            stand for the mirror and its place in the replica.

            Exit codes: 0 told to end, 1 Litestream failed, 5 another primary has taken over, 78 wrong settings.

            Example: portald replicate --config /etc/portald/portald.env
            """
    )

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let source = try await options.source()
        let settings = try SettingsOptions.orRefuse { () throws(SettingsError) in try ReplicaSettings(source) }
        try await ReplicaCommand.run(settings) { litestream, logger in
            let store = try MirrorStore.open(path: settings.database).store
            do {
                try await Replicator(
                    litestream: litestream,
                    store: store,
                    host: ProcessInfo.processInfo.hostName,
                    now: SyncParts.now,
                    logger: logger
                ).run()
            } catch {
                try store.close()
                throw error
            }
            try store.close()
        }
    }
}
