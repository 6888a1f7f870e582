import ArgumentParser
import Foundation
import MirrorStore

/// The command `portald backup`.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the mirror to a file, while the daemon runs.",
        discussion: """
            The copy is one file that only its owner can read. It is checked, and appears under its name when it is whole. \
            To restore, stop the daemon, put the copy in the place of the mirror, give it to the user that the folder belongs \
            to, and remove the files ending in -wal and -shm beside it: at its start the daemon fetches from Stripe all that happened since.

            Exit codes: 0 copied, 1 not copied, and then nothing is left behind.

            Example: portald backup --database /var/lib/portald/portald.db /var/backups/portald.db --force
            """
    )

    @OptionGroup var options: DatabaseOptions

    @Argument(help: "Where the copy goes.")
    var file: String

    @Flag(help: "Replace a file that is there already.")
    var force = false

    func run() async throws {
        let path = try await options.path()
        let isTerminal = isatty(STDERR_FILENO) == 1
        var shown = -1
        do {
            let report = try MirrorBackup.write(from: path, to: file, replacing: force) { share in
                let percent = Int(share * 100)
                guard percent >= shown + (isTerminal ? 1 : 25) else { return }
                shown = percent
                let line = isTerminal ? "\r\u{1B}[Kcopied \(percent) %" : "copied \(percent) %\n"
                FileHandle.standardError.write(Data(line.utf8))
            }
            if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
            print("\(report.path): \(report.bytes / 1024) KiB, schema \(report.schema), no damage found")
        } catch {
            throw CommandFailure(error)
        }
    }
}
