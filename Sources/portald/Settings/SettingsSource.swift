import Configuration
import Foundation
import SystemPackage

/// Where settings are read from, each by its one name: the environment, then `$CREDENTIALS_DIRECTORY`, then a file.
///
/// systemd puts secrets into that directory (https://systemd.io/CREDENTIALS/), one file each, whose name may begin with
/// `portald_`. It does so at the start only, so those that a reload brings are in `$RUNTIME_DIRECTORY/credentials`: all of them, in place of
/// those with that beginning, so that one that was removed is gone.
struct SettingsSource {
    /// How systemd begins the names of all that `LoadCredential=portald:` finds in a folder.
    private static let prefix = "portald_"

    private let reader: ConfigReader
    /// The names of all that is set, settings or not.
    let names: Set<String>
    /// What Litestream has to find in its environment beside what is there: in the services', systemd puts it there.
    var litestreamEnvironment: [String: String] = [:]

    init(environment: [String: String], configFile: String?) async throws(SettingsError) {
        var providers: [any ConfigProvider] = [EnvironmentVariablesProvider(environmentVariables: environment)]
        var names = Set(environment.keys)
        var path = ""
        do {
            let reloaded = Self.reloaded(environment)
            if let directory = environment["CREDENTIALS_DIRECTORY"] {
                path = directory
                let provider = try await DirectoryFilesProvider(directoryPath: FilePath(directory))
                let files = try FileManager.default.contentsOfDirectory(atPath: directory)
                names.formUnion(files.filter { !$0.hasPrefix(Self.prefix) })
                providers.append(provider)
                if reloaded == nil {
                    names.formUnion(
                        files.filter { $0.hasPrefix(Self.prefix) }.map { String($0.dropFirst(Self.prefix.count)) }
                    )
                    providers.append(provider.mapKeys { AbsoluteConfigKey([Self.prefix + $0.components.joined()]) })
                }
            }
            if let reloaded {
                path = reloaded
                names.formUnion(try FileManager.default.contentsOfDirectory(atPath: reloaded))
                providers.append(try await DirectoryFilesProvider(directoryPath: FilePath(reloaded)))
            }
            if let configFile {
                path = configFile
                let values = try Self.values(ofFile: configFile)
                names.formUnion(values.keys)
                providers.append(EnvironmentVariablesProvider(environmentVariables: values))
            }
        } catch let error as SettingsError {
            throw error
        } catch {
            throw Self.unreadable(path, error)
        }
        reader = ConfigReader(providers: providers)
        self.names = names
    }

    /// The folder that the script of `systemctl reload` fills; nil where it has not.
    private static func reloaded(_ environment: [String: String]) -> String? {
        // Of several folders the unit's own comes first. https://www.freedesktop.org/software/systemd/man/252/systemd.exec.html
        guard let folder = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first else { return nil }
        let path = "\(folder)/credentials"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    private static func unreadable(_ path: String, _ error: any Error) -> SettingsError {
        SettingsError(faults: ["\(path) cannot be read: \(error.localizedDescription)"])
    }

    /// Reads lines of NAME=value, with comments behind `#`; the last of two equal names counts.
    ///
    /// - Throws: ``SettingsError`` where the file cannot be read or has other lines.
    static func values(ofFile path: String) throws(SettingsError) -> [String: String] {
        let file: String
        do {
            file = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw unreadable(path, error)
        }
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
