import Foundation
import Testing

@testable import portald

struct InstalledSettingsTests {
    private func text(
        _ name: String,
        environment: [String: String] = [:],
        configFile: String? = nil,
        in folder: Folder
    ) async throws -> String? {
        try await InstalledSettings(folder: folder.url.path)
            .source(environment: environment, configFile: configFile).text(name)
    }

    private func installed() throws -> Folder {
        let folder = try Folder()
        try folder.write("portald.env", "PORTALD_DATABASE=/var/lib/portald/portald.db\n")
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "credentials"),
            withIntermediateDirectories: true
        )
        try folder.write("credentials/STRIPE_SECRET_KEY", "sk_live_installed\n")
        return folder
    }

    @Test func countWhereNothingElseIsSaid() async throws {
        let folder = try installed()
        #expect(try await text("PORTALD_DATABASE", environment: ["PATH": "/bin"], in: folder) == "/var/lib/portald/portald.db")
        #expect(try await text("STRIPE_SECRET_KEY", environment: ["PATH": "/bin"], in: folder) == "sk_live_installed")
        try folder.remove()
    }

    @Test func haveTheReplicasKeysForLitestream() async throws {
        let folder = try installed()
        try folder.write("litestream.env", "# keys\nLITESTREAM_ACCESS_KEY_ID=id\n")
        let source = try await InstalledSettings(folder: folder.url.path).source(environment: [:], configFile: nil)
        let credentials = folder.url.appending(path: "credentials").path
        #expect(source.litestreamEnvironment == ["LITESTREAM_ACCESS_KEY_ID": "id", "CREDENTIALS_DIRECTORY": credentials])
        // They are Litestream's alone.
        #expect(source.text("LITESTREAM_ACCESS_KEY_ID") == nil && !source.names.contains("LITESTREAM_ACCESS_KEY_ID"))
        try folder.remove()
    }

    @Test(arguments: [
        ["STRIPE_SECRET_KEY": "sk_test_1"], ["PORTALD_DATABASE": "portald.db"], ["FRONTEND_URL": "http://localhost"],
    ])
    func areNeverMixedWithTheEnvironments(environment: [String: String]) async throws {
        let folder = try installed()
        for name in ["STRIPE_SECRET_KEY", "PORTALD_DATABASE"] {
            #expect(try await text(name, environment: environment, in: folder) == environment[name])
        }
        try folder.remove()
    }

    @Test func giveWayToAFileThatIsNamed() async throws {
        let folder = try installed()
        let other = try folder.write("other.env", "FRONTEND_URL=http://localhost\n")
        #expect(try await text("FRONTEND_URL", configFile: other, in: folder) == "http://localhost")
        #expect(try await text("STRIPE_SECRET_KEY", configFile: other, in: folder) == nil)
        try folder.remove()
    }

    @Test func areNoneWhereNothingIsInstalled() async throws {
        let folder = try Folder()
        #expect(try await text("PORTALD_DATABASE", in: folder) == nil)
        try folder.remove()
    }
}
