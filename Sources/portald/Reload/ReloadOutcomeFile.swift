import Foundation

/// A file that says what became of the last reload: `applied`, or `refused: ` and why.
///
/// The script that `systemctl reload` runs removes it and waits until it is there again, so that the command fails where the reload does.
struct ReloadOutcomeFile: Sendable {
    private let url: URL

    /// Nil where the daemon has no folder for it: systemd's `RuntimeDirectory=`.
    init?(environment: [String: String]) {
        guard let folder = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first else { return nil }
        url = URL(filePath: String(folder)).appending(path: "reload")
    }

    /// Writes it in one step, so that nobody reads a part.
    func write(_ refusal: SettingsError?) throws {
        let text = refusal.map { "refused: " + $0.faults.joined(separator: "; ") } ?? "applied"
        try Data((text + "\n").utf8).write(to: url, options: .atomic)
    }
}
