import ArgumentParser
import MirrorStore

/// The command `portald migrate`.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Make the mirror's file, or bring its schema up to date.",
        discussion: "The daemon does the same when it starts. Example: portald migrate --database portald.db"
    )

    @OptionGroup var options: DatabaseOptions

    func run() async throws {
        let path = try await options.path()
        do {
            let (store, migrations) = try MirrorStore.open(path: path)
            try store.close()
            print(migrations.isEmpty ? "\(path) is up to date" : "\(path): \(migrations.joined(separator: ", "))")
        } catch {
            throw CommandFailure(error)
        }
    }
}
