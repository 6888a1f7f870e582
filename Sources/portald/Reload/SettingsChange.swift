/// The names of the settings that differ from those in force.
struct SettingsChange: Sendable, Hashable {
    /// Those that a reload puts in force.
    var applied: [String]
    /// Those that the next start does.
    var waiting: [String]

    /// - Parameters:
    ///   - started: As they were at the start.
    ///   - reloaded: As they were at the last reload.
    ///   - new: As they are now.
    init(started: SettingsSnapshot, reloaded: SettingsSnapshot, new: SettingsSnapshot) {
        let names = Settings.names.sorted()
        applied = names.filter { !Settings.fixed.contains($0) && !new.agrees(with: reloaded, on: $0) }
        waiting = names.filter { Settings.fixed.contains($0) && !new.agrees(with: started, on: $0) }
    }
}
