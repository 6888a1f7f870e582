import Foundation
import Testing

@testable import portald

@Suite struct UnknownSettingsTests {
    @Test func namesWhatIsMisspelled() {
        let names: Set = [
            "PORTALD_JWT_REQUIRED_CLAIM", "PORTALD_DATABASE", "PORTALD_", "portald_listen", "PATH", "STRIPE_SECRET_KEY",
            "PORTALD_LISTENS",
        ]
        #expect(
            UnknownSettings.names(among: names) == ["PORTALD_", "PORTALD_JWT_REQUIRED_CLAIM", "PORTALD_LISTENS"]
        )
    }

    /// A setting that is read but not known would be called unknown.
    @Test func knowsEverySettingThatIsRead() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/portald/Settings")
        var names: [String] = []
        for file in ["Settings.swift", "SettingsReader+Authentication.swift"] {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            names += text.matches(of: /"(PORTALD_[A-Z_]+)"/).map { String($0.output.1) }
        }
        #expect(names.count >= 25)
        #expect(UnknownSettings.names(among: Set(names)).isEmpty)
    }
}
