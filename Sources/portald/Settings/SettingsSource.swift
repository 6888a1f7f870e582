import Configuration
import Foundation
import SystemPackage

/// Where settings are read from, each by its one name: the environment, then `$CREDENTIALS_DIRECTORY`, then a file.
///
/// systemd puts secrets into that directory (https://systemd.io/CREDENTIALS/), one file each, whose name may begin with
/// `portald_`.
struct SettingsSource {
    /// How systemd begins the names of all that `LoadCredential=portald:` finds in a folder.
    private static let prefix = "portald_"

    private let reader: ConfigReader
    /// The names of all that is set, settings or not.
    let names: Set<String>

    init(environment: [String: String], configFile: String?) async throws(SettingsError) {
        var providers: [any ConfigProvider] = [EnvironmentVariablesProvider(environmentVariables: environment)]
        var names = Set(environment.keys)
        var path = ""
        do {
            if let directory = environment["CREDENTIALS_DIRECTORY"] {
                path = directory
                let files = try FileManager.default.contentsOfDirectory(atPath: directory)
                names.formUnion(files.map { $0.hasPrefix(Self.prefix) ? String($0.dropFirst(Self.prefix.count)) : $0 })
                let provider = try await DirectoryFilesProvider(directoryPath: FilePath(directory))
                providers.append(provider)
                providers.append(provider.mapKeys { AbsoluteConfigKey([Self.prefix + $0.components.joined()]) })
            }
            if let configFile {
                path = configFile
                let values = try Self.values(of: String(contentsOfFile: configFile, encoding: .utf8), at: configFile)
                names.formUnion(values.keys)
                providers.append(EnvironmentVariablesProvider(environmentVariables: values))
            }
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError(faults: ["\(path) cannot be read: \(error.localizedDescription)"])
        }
        reader = ConfigReader(providers: providers)
        self.names = names
    }

    /// Reads lines of NAME=value, with comments behind `#`; the last of two equal names counts.
    private static func values(of file: String, at path: String) throws(SettingsError) -> [String: String] {
        var values: [String: String] = [:]
        var faults: [String] = []
        for (number, line) in file.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2, !parts[0].contains(" ") {
                values[parts[0]] = parts[1]
            } else {
                faults.append("line \(number + 1) of \(path) is not NAME=value")
            }
        }
        guard faults.isEmpty else { throw SettingsError(faults: faults) }
        return values
    }

    /// A setting's text; nil where it is not set.
    func text(_ name: String) -> String? {
        reader.string(forKey: ConfigKey([name]), isSecret: true)
    }
}
