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

    /// What is not fixed comes from the new settings, all else from the old ones.
    @Test func takesWhatAReloadMayChange() async throws {
        func settings(_ changes: [String: String]) async throws -> Settings {
            let environment = SettingsTests.required.merging(changes) { _, new in new }
            return try Settings(try await SettingsSource(environment: environment, configFile: nil))
        }
        let new = try await settings([
            "STRIPE_SECRET_KEY": "sk_live_2", "STRIPE_WEBHOOK_SECRET": "whsec_2", "STRIPE_PUBLISHABLE_KEY": "pk_2",
            "FRONTEND_URL": "https://b.example.com", "PORTALD_RETURN_PATH": "/b", "PORTALD_LOG_LEVEL": "error",
            "PORTALD_PORTAL_RATE": "1/1s", "PORTALD_PORTAL_STATUSES": "canceled", "PORTALD_SIGNATURE_TOLERANCE": "10",
            "PORTALD_PORTAL_CONFIGURATION": "bpc_2", "PORTALD_DATABASE": "b.db", "PORTALD_STRIPE_RATE": "1",
            "PORTALD_JWT_ISSUER": "b", "PORTALD_USER_METADATA_KEY": "b", "PORTALD_SWEEP_INTERVAL": "10",
        ])
        let old = try await settings([:])
        let reloaded = old.reloaded(from: new)
        #expect(reloaded.secretKey.exposed == old.secretKey.exposed)
        #expect(reloaded.livemode == old.livemode)
        #expect(reloaded.database == old.database)
        #expect(reloaded.stripeRate == old.stripeRate)
        #expect(reloaded.sweepInterval == old.sweepInterval)
        #expect(reloaded.userMetadataKey == old.userMetadataKey)
        #expect(reloaded.webhookSecrets == new.webhookSecrets)
        #expect(reloaded.publishableKey == new.publishableKey)
        #expect(reloaded.allowedOrigins == new.allowedOrigins)
        #expect(reloaded.returnURL == new.returnURL)
        #expect(reloaded.frontendBase == new.frontendBase)
        #expect(reloaded.logLevel == new.logLevel)
        #expect(reloaded.portalRate == new.portalRate)
        #expect(reloaded.portalStatuses == new.portalStatuses)
        #expect(reloaded.signatureTolerance == new.signatureTolerance)
        #expect(reloaded.portalConfiguration == new.portalConfiguration)
        #expect(reloaded.authentication.claimRules == new.authentication.claimRules)
    }
}
