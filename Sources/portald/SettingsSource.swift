import Configuration
import Foundation
import SystemPackage

/// Where settings are read from, each by its one name: the environment, then `$CREDENTIALS_DIRECTORY`, then a file.
///
/// systemd puts secrets into that directory (https://systemd.io/CREDENTIALS/), one file each.
struct SettingsSource {
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
                names.formUnion(try FileManager.default.contentsOfDirectory(atPath: directory))
                providers.append(try await DirectoryFilesProvider(directoryPath: FilePath(directory)))
            }
            if let configFile {
                path = configFile
                names.formUnion(Self.names(in: try String(contentsOfFile: configFile, encoding: .utf8)))
                providers.append(try await EnvironmentVariablesProvider(environmentFilePath: FilePath(configFile)))
            }
        } catch {
            throw SettingsError(faults: ["\(path) cannot be read: \(error.localizedDescription)"])
        }
        reader = ConfigReader(providers: providers)
        self.names = names
    }

    private static func names(in file: String) -> [String] {
        file.split(whereSeparator: \.isNewline)
            .filter { $0.contains("=") }
            .map { $0.prefix { $0 != "=" }.trimmingCharacters(in: .whitespaces) }
    }

    /// A setting's text; nil where it is not set.
    func text(_ name: String) -> String? {
        reader.string(forKey: ConfigKey([name]), isSecret: true)
    }
}
