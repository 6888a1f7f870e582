/// Everything that is wrong with the settings, in one message, without their values.
struct SettingsError: Error, CustomStringConvertible {
    var faults: [String]

    var description: String {
        "the settings are not usable:\n" + faults.map { "  - \($0)" }.joined(separator: "\n")
    }
}
