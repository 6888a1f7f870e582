import Foundation

/// The settings of the installed service, for whoever types a command on its machine.
///
/// They count only as a whole, where neither the environment nor an option says anything: half of one account's settings and
/// half of another's would be worse than none.
struct InstalledSettings {
    /// Where the Debian package keeps them.
    var folder = "/etc/portald"

    private var config: String { folder + "/portald.env" }
    private var credentials: String { folder + "/credentials" }
    /// The replica's keys, which systemd gives to the services.
    private var litestream: String { folder + "/litestream.env" }

    /// Reads them where they are needed and there; the secrets only where the user may read them.
    func source(environment: [String: String], configFile: String?) async throws(SettingsError) -> SettingsSource {
        guard configFile == nil, !environment.keys.contains(where: Self.isSetting),
            FileManager.default.fileExists(atPath: config)
        else {
            return try await SettingsSource(environment: environment, configFile: configFile)
        }
        var environment = environment
        var litestreamEnvironment: [String: String] = [:]
        if FileManager.default.isReadableFile(atPath: credentials) {
            environment["CREDENTIALS_DIRECTORY"] = credentials
            litestreamEnvironment["CREDENTIALS_DIRECTORY"] = credentials
        }
        if FileManager.default.isReadableFile(atPath: litestream) {
            litestreamEnvironment.merge(try SettingsSource.values(ofFile: litestream)) { $1 }
        }
        var source = try await SettingsSource(environment: environment, configFile: config)
        source.litestreamEnvironment = litestreamEnvironment
        return source
    }

    private static func isSetting(_ name: String) -> Bool {
        name == "CREDENTIALS_DIRECTORY" || name.hasPrefix("PORTALD_") || Settings.names.contains(name)
    }
}
