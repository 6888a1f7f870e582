import ArgumentParser
import MirrorStore

/// Which mirror a command reads.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "The mirror's file; by default the setting PORTALD_DATABASE.")
    var database: String?

    @OptionGroup var settings: SettingsOptions

    func path() async throws -> String {
        if let database {
            return database
        }
        return Settings.database(in: try await settings.source())
    }

    func openReadOnly() async throws -> MirrorStore {
        let path = try await path()
        do {
            return try MirrorStore.openReadOnly(path: path)
        } catch {
            throw CommandFailure(error)
        }
    }
}
