import Configuration
import Foundation
import SystemPackage

/// Where settings are read from, each by its one name: the environment, then `$CREDENTIALS_DIRECTORY`, then a file.
///
/// systemd puts secrets into that directory (https://systemd.io/CREDENTIALS/), one file each.
struct SettingsSource {
    private let reader: ConfigReader

    init(environment: [String: String], configFile: String?) async throws(SettingsError) {
        var providers: [any ConfigProvider] = [EnvironmentVariablesProvider(environmentVariables: environment)]
        do {
            if let directory = environment["CREDENTIALS_DIRECTORY"] {
                providers.append(try await DirectoryFilesProvider(directoryPath: FilePath(directory)))
            }
            if let configFile {
                providers.append(try await EnvironmentVariablesProvider(environmentFilePath: FilePath(configFile)))
            }
        } catch {
            throw SettingsError(faults: ["settings cannot be read: \(error)"])
        }
        reader = ConfigReader(providers: providers)
    }

    /// A setting's text; nil where it is not set.
    func text(_ name: String) -> String? {
        reader.string(forKey: ConfigKey([name]), isSecret: true)
    }
}
