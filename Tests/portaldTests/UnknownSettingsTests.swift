import Foundation
import Testing

@testable import portald

@Suite struct UnknownSettingsTests {
    @Test func namesWhatIsMisspelled() {
        let environment = [
            "PORTALD_JWT_REQUIRED_CLAIM": "a=b", "PORTALD_DATABASE": "x", "PORTALD_": "", "portald_listen": "x",
            "PATH": "/bin", "STRIPE_SECRET_KEY": "x", "PORTALD_LISTENS": "x",
        ]
        #expect(
            UnknownSettings.names(in: environment) == ["PORTALD_", "PORTALD_JWT_REQUIRED_CLAIM", "PORTALD_LISTENS"]
        )
    }

    /// A setting that is read but not known would be called unknown.
    @Test func knowsEverySettingThatIsRead() throws {
        let source = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/portald/Settings.swift")
        let text = try String(contentsOf: source, encoding: .utf8)
        let names = text.matches(of: /"(PORTALD_[A-Z_]+)"/).map { String($0.output.1) }
        #expect(names.count >= 15)
        #expect(UnknownSettings.names(in: Dictionary(names.map { ($0, "") }) { first, _ in first }).isEmpty)
    }
}
