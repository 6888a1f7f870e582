/// Settings that look like the program's own but are not: a misspelled check would be no check at all.
enum UnknownSettings {
    static func names(among names: Set<String>) -> [String] {
        names.filter { $0.hasPrefix("PORTALD_") && !Settings.names.contains($0) }.sorted()
    }
}
