import Foundation
import Stripe
import Testing

@testable import portald

@Suite struct SettingsChangeTests {
    private func snapshot(_ changes: [String: String] = [:]) async throws -> SettingsSnapshot {
        let environment = SettingsTests.required.merging(changes) { _, new in new }
        return SettingsSnapshot(try await SettingsSource(environment: environment, configFile: nil))
    }

    @Test func isEmptyWhereNothingChanged() async throws {
        let old = try await snapshot()
        let change = SettingsChange(started: old, reloaded: old, new: try await snapshot())
        #expect(change.applied.isEmpty)
        #expect(change.waiting.isEmpty)
    }

    /// Every setting is either put in force or named as waiting.
    @Test(arguments: Settings.names.sorted()) func namesEverySetting(_ name: String) async throws {
        let old = try await snapshot()
        let change = SettingsChange(started: old, reloaded: old, new: try await snapshot([name: "another"]))
        #expect(change.applied + change.waiting == [name])
        #expect(change.waiting.isEmpty != Settings.fixed.contains(name))
    }

    /// What waits for a restart waits until then; what was put in force does not change again.
    @Test func comparesWithWhatIsInForce() async throws {
        let started = try await snapshot()
        let changes = ["PORTALD_STRIPE_RATE": "5", "PORTALD_LOG_LEVEL": "debug"]
        let first = try await snapshot(changes)
        let change = SettingsChange(started: started, reloaded: first, new: try await snapshot(changes))
        #expect(change.applied.isEmpty)
        #expect(change.waiting == ["PORTALD_STRIPE_RATE"])
    }

    @Test(arguments: ["PORTALD_JWT_PUBLIC_KEY", "PORTALD_JWKS"])
    func seesThatAFileIsAnother(_ name: String) async throws {
        let folder = try Folder()
        let path = try folder.write("keys", "one")
        let old = try await snapshot([name: path])
        try folder.write("keys", "two")
        let change = SettingsChange(started: old, reloaded: old, new: try await snapshot([name: path]))
        #expect(change.applied == [name])
        try folder.remove()
    }

    @Test func fixedSettingsAreSettings() {
        #expect(Settings.fixed.isSubset(of: Settings.names))
    }
}
