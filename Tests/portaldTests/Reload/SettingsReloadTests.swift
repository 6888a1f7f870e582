import Foundation
import Stripe
import Testing

@testable import portald

/// Each setting, changed alone: where it is not fixed, a reload takes all that it makes of the settings, and else nothing.
@Suite struct SettingsReloadTests {
    /// Every setting with a text before the reload and one after it, each of which the settings differ by; nil is not set.
    private static let values: [String: (before: String?, after: String?)] = [
        "FRONTEND_URL": ("https://a.example.com", "https://b.example.com"),
        "PORTALD_ADMIN_LISTEN": ("127.0.0.1:1", "127.0.0.1:2"),
        "PORTALD_ALLOWED_ORIGINS": ("https://c.example.com", "https://d.example.com"),
        "PORTALD_DATABASE": ("a.db", "b.db"),
        "PORTALD_ENDPOINT_INTERVAL": ("1", "2"),
        "PORTALD_EVENT_RETENTION_DAYS": ("1", "2"),
        "PORTALD_JWKS": ("https://a.example.com/jwks.json", "https://b.example.com/jwks.json"),
        "PORTALD_JWT_AUDIENCE": ("a", "b"),
        "PORTALD_JWT_ISSUER": ("a", "b"),
        "PORTALD_JWT_PUBLIC_KEY": (nil, SettingsTests.publicKey),
        "PORTALD_JWT_REQUIRED_CLAIMS": ("a=1", "a=2"),
        // What a key is made of shows in no text, but how many there are does.
        "PORTALD_JWT_SECRET": (nil, "a secret of at least thirty-two bytes"),
        "PORTALD_JWT_USER_CLAIM": ("a", "b"),
        "PORTALD_LISTEN": ("127.0.0.1:1", "127.0.0.1:2"),
        "PORTALD_LITESTREAM": ("a", "b"),
        "PORTALD_LITESTREAM_CONFIG": ("/a.yml", "/b.yml"),
        "PORTALD_LOG_FORMAT": ("logfmt", "json"),
        "PORTALD_LOG_LEVEL": ("info", "debug"),
        "PORTALD_MAX_STALENESS": ("1", "2"),
        "PORTALD_PORTAL_CONFIGURATION": ("bpc_1", "bpc_2"),
        "PORTALD_PORTAL_RATE": ("1/1s", "2/1s"),
        "PORTALD_PORTAL_STATUSES": ("active", "canceled"),
        "PORTALD_RETURN_PATH": ("/a", "/b"),
        "PORTALD_ROLE": ("primary", "portal"),
        "PORTALD_SESSION_COOKIE": ("a", "b"),
        "PORTALD_SESSION_INTROSPECTION_CLIENT_ID": ("a", "b"),
        "PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET": ("a", "b"),
        "PORTALD_SESSION_INTROSPECTION_URL": ("https://a.example.com/", "https://b.example.com/"),
        "PORTALD_SIGNATURE_TOLERANCE": ("1", "2"),
        "PORTALD_STALE": ("serve", "refuse"),
        "PORTALD_STRIPE_RATE": ("1", "2"),
        "PORTALD_SWEEP_INTERVAL": ("1", "2"),
        "PORTALD_USER_METADATA_KEY": ("a", "b"),
        "PORTALD_VERIFY_SHARE": ("1", "2"),
        "PORTALD_WEBHOOK_URL": ("https://a.example.com/webhooks/stripe", "https://b.example.com/webhooks/stripe"),
        "STRIPE_API_BASE": ("https://a.example.com", "https://b.example.com"),
        "STRIPE_API_VERSION": ("2020-08-27", "2026-03-25.dahlia"),
        "STRIPE_PUBLISHABLE_KEY": ("pk_1", "pk_2"),
        "STRIPE_SECRET_KEY": ("sk_test_1", "sk_live_2"),
        "STRIPE_WEBHOOK_SECRET": ("whsec_1", "whsec_2"),
    ]

    private static func settings(_ environment: [String: String]) async throws -> Settings {
        try Settings(try await SettingsSource(environment: environment, configFile: nil))
    }

    /// What a value consists of, secrets included, in an order that does not depend on hashes.
    private static func text(_ value: Any) -> String {
        if let secret = value as? Secret { return secret.exposed }
        if let secret = value as? WebhookSecret { return secret.fingerprint }
        let mirror = Mirror(reflecting: value)
        guard !mirror.children.isEmpty else { return String(describing: value) }
        let children = mirror.children.map { "\($0.label ?? ""):\(text($0.value))" }
        return "(\((mirror.displayStyle == .set ? children.sorted() : children).joined(separator: ",")))"
    }

    @Test func everySettingIsTried() {
        #expect(Set(Self.values.keys) == Settings.names)
    }

    @Test(arguments: Settings.names.sorted()) func takesItOrLeavesIt(_ name: String) async throws {
        let folder = try Folder()
        let before = Self.values.compactMapValues(\.before)
        var after = before
        let text = try #require(Self.values[name]).after
        after[name] = name == "PORTALD_JWT_PUBLIC_KEY" ? try text.map { try folder.write("key.pem", $0) } : text
        let old = try await Self.settings(before)
        let new = try await Self.settings(after)
        try #require(Self.text(old) != Self.text(new), "the two texts have to make a difference")
        let expected = Settings.fixed.contains(name) ? old : new
        #expect(Self.text(old.reloaded(from: new)) == Self.text(expected))
        try folder.remove()
    }
}
