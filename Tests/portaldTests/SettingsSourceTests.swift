import Foundation
import Testing

@testable import portald

@Suite struct SettingsSourceTests {
    @Test func prefersTheEnvironmentThenTheCredentialsThenTheFile() async throws {
        let folder = try Folder()
        let credentials = try Folder()
        try credentials.write("PORTALD_A", "credential")
        try credentials.write("PORTALD_B", "credential")
        let file = try folder.write("portald.env", "PORTALD_A=file\nPORTALD_B=file\nPORTALD_C=file\n")
        let environment = ["PORTALD_A": "environment", "CREDENTIALS_DIRECTORY": credentials.url.path]
        let source = try await SettingsSource(environment: environment, configFile: file)
        #expect(source.text("PORTALD_A") == "environment")
        #expect(source.text("PORTALD_B") == "credential")
        #expect(source.text("PORTALD_C") == "file")
        #expect(source.text("PORTALD_D") == nil)
        try folder.remove()
        try credentials.remove()
    }

    /// An empty variable is set: it does not fall through to another source, and each setting says that it is blank.
    @Test func takesAnEmptyVariableForSet() async throws {
        let credentials = try Folder()
        try credentials.write("STRIPE_WEBHOOK_SECRET", "whsec_1")
        let environment = ["STRIPE_WEBHOOK_SECRET": "", "CREDENTIALS_DIRECTORY": credentials.url.path]
        let source = try await SettingsSource(environment: environment, configFile: nil)
        #expect(source.text("STRIPE_WEBHOOK_SECRET") == "")
        try credentials.remove()
    }

    @Test(arguments: ["sk_test_1", "sk_test_1\n", "sk_test_1\r\n", "\n  sk_test_1 \n\n"])
    func takesACredentialWithoutTheWhiteSpaceAroundIt(_ contents: String) async throws {
        let credentials = try Folder()
        try credentials.write("STRIPE_SECRET_KEY", contents)
        let source = try await SettingsSource(
            environment: ["CREDENTIALS_DIRECTORY": credentials.url.path],
            configFile: nil
        )
        #expect(source.text("STRIPE_SECRET_KEY") == "sk_test_1")
        try credentials.remove()
    }

    /// As systemd names the files of a folder that `LoadCredential=portald:` is given.
    @Test func findsACredentialOfTheUnitsFolder() async throws {
        let credentials = try Folder()
        try credentials.write("portald_STRIPE_SECRET_KEY", "sk_test_1")
        try credentials.write("portald_PORTALD_MISSPELLED", "1")
        let source = try await SettingsSource(
            environment: ["CREDENTIALS_DIRECTORY": credentials.url.path],
            configFile: nil
        )
        #expect(source.text("STRIPE_SECRET_KEY") == "sk_test_1")
        #expect(UnknownSettings.names(among: source.names) == ["PORTALD_MISSPELLED"])
        try credentials.remove()
    }

    /// Those of a reload stand for all of that folder; what another `LoadCredential=` gives stays.
    @Test func prefersTheCredentialsOfAReload() async throws {
        let credentials = try Folder()
        try credentials.write("portald_STRIPE_WEBHOOK_SECRET", "whsec_old")
        try credentials.write("portald_PORTALD_JWT_SECRET", "old")
        try credentials.write("portald_PORTALD_OLD", "old")
        try credentials.write("STRIPE_SECRET_KEY", "sk_test_1")
        let runtime = try Folder()
        let environment = [
            "CREDENTIALS_DIRECTORY": credentials.url.path, "RUNTIME_DIRECTORY": runtime.url.path,
        ]
        let before = try await SettingsSource(environment: environment, configFile: nil)
        #expect(before.text("STRIPE_WEBHOOK_SECRET") == "whsec_old")
        #expect(before.names.contains("PORTALD_OLD"))

        let folder = runtime.url.appending(path: "credentials")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try runtime.write("credentials/STRIPE_WEBHOOK_SECRET", "whsec_new")
        let source = try await SettingsSource(environment: environment, configFile: nil)
        #expect(source.text("STRIPE_WEBHOOK_SECRET") == "whsec_new")
        #expect(source.text("PORTALD_JWT_SECRET") == nil)
        #expect(source.text("STRIPE_SECRET_KEY") == "sk_test_1")
        #expect(!source.names.contains("PORTALD_OLD"))
        try credentials.remove()
        try runtime.remove()
    }

    @Test func readsAFileOfLines() async throws {
        let folder = try Folder()
        let file = try folder.write(
            "portald.env",
            "# a comment\n\n FRONTEND_URL = https://app.example.com \nPORTALD_JWT_REQUIRED_CLAIMS=a=b\n"
                + "#PORTALD_LISTEN=x\r\nPORTALD_DATABASE=first\r\nPORTALD_DATABASE=last"
        )
        let source = try await SettingsSource(environment: [:], configFile: file)
        #expect(source.text("FRONTEND_URL") == "https://app.example.com")
        #expect(source.text("PORTALD_JWT_REQUIRED_CLAIMS") == "a=b")
        #expect(source.text("PORTALD_LISTEN") == nil)
        #expect(source.text("PORTALD_DATABASE") == "last")
        try folder.remove()
    }

    @Test func saysWhichLineIsNoSetting() async throws {
        let folder = try Folder()
        let file = try folder.write("portald.env", "# fine\nno line\nexport PORTALD_LISTEN=x\n")
        let error = await #expect(throws: SettingsError.self) {
            try await SettingsSource(environment: [:], configFile: file)
        }
        #expect(error?.faults == ["line 2 of \(file) is not NAME=value", "line 3 of \(file) is not NAME=value"])
        try folder.remove()
    }

    @Test func saysWhichFileCannotBeRead() async throws {
        let credentials = ["CREDENTIALS_DIRECTORY": "/nowhere/credentials"]
        for (environment, file, path) in [
            ([:], "/nowhere/portald.env", "/nowhere/portald.env"), (credentials, nil, "/nowhere/credentials"),
            (credentials, "/dev/null", "/nowhere/credentials"),
        ] as [([String: String], String?, String)] {
            let error = await #expect(throws: SettingsError.self) {
                try await SettingsSource(environment: environment, configFile: file)
            }
            #expect(error?.description.contains("\(path) cannot be read") == true)
        }
    }
}
