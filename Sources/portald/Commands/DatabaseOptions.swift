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

    /// Opens the mirror beside a daemon that may be running; a file has to be there, of this version's schema.
    func openForWriting() async throws -> MirrorStore {
        do {
            try await openReadOnly().close()
            return try MirrorStore.open(path: try await path()).store
        } catch let error as MirrorError {
            throw CommandFailure(error)
        }
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
