import Foundation
import Testing

@testable import portald

@Suite struct ReloadOutcomeFileTests {
    @Test func saysWhatBecameOfAReload() throws {
        let folder = try Folder()
        let file = try #require(ReloadOutcomeFile(environment: ["RUNTIME_DIRECTORY": "\(folder.url.path):/run/other"]))
        let path = folder.url.appending(path: "reload").path
        try file.write(SettingsError(faults: ["PORTALD_A is wrong", "PORTALD_B is not set"]))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "refused: PORTALD_A is wrong; PORTALD_B is not set\n")
        try file.write(nil)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "applied\n")
        try folder.remove()
    }

    @Test func isNowhereWithoutAFolder() {
        #expect(ReloadOutcomeFile(environment: [:]) == nil)
        #expect(ReloadOutcomeFile(environment: ["RUNTIME_DIRECTORY": ""]) == nil)
    }
}
