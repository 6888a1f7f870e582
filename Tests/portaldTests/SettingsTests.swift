import Foundation
import Logging
import Portal
import Stripe
import StripeClient
import Testing
import Web

@testable import portald

@Suite struct SettingsTests {
    /// What must be set.
    static let required = [
        "STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1", "FRONTEND_URL": "https://app.example.com",
        "PORTALD_JWT_SECRET": "a secret of at least thirty-two bytes",
    ]

    private func settings(_ environment: [String: String]) async throws -> Settings {
        try Settings(try await SettingsSource(environment: environment, configFile: nil))
    }

    private func settings(and more: [String: String]) async throws -> Settings {
        try await settings(Self.required.merging(more) { _, new in new })
    }

    private func faults(_ environment: [String: String]) async -> [String] {
        let error = await #expect(throws: SettingsError.self) { try await settings(environment) }
        return error?.faults ?? []
    }

    private func faults(with more: [String: String]) async -> [String] {
        await faults(Self.required.merging(more) { _, new in new })
    }

    @Test func aNodeTakesInNoWebhooks() async throws {
        var environment = Self.required
        environment["STRIPE_WEBHOOK_SECRET"] = nil
        #expect(await faults(environment).count == 1)
        environment["PORTALD_ROLE"] = "portal"
        #expect(try await settings(environment).webhookSecrets.isEmpty)
    }

    // MARK: Values

    @Test func hasDefaults() async throws {
        let settings = try await settings(Self.required)
        #expect(settings.secretKey.exposed == "sk_test_1")
        #expect(!settings.livemode)
        #expect(settings.publishableKey == nil)
        #expect(settings.webhookSecrets == [WebhookSecret("whsec_1")])
        #expect(settings.apiBase.string == "https://api.stripe.com")
        #expect(settings.apiVersion == "2026-03-25.dahlia")
        #expect(settings.allowedOrigins == ["https://app.example.com"])
        #expect(settings.returnURL == "https://app.example.com/billing")
        #expect(settings.listen == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(settings.database == "portald.db")
        #expect(settings.authentication.tokenKeys.count == 1)
        #expect(settings.authentication.claimRules == ClaimRules())
        #expect(settings.portalConfiguration == nil)
        #expect(settings.portalRate == PortalRate("10/60s"))
        #expect(settings.frontendBase == "https://app.example.com")
        #expect(settings.userMetadataKey == "user_id")
        #expect(settings.portalStatuses == ["active", "trialing", "past_due"])
        #expect(settings.signatureTolerance == 300)
        #expect(settings.adminListen == ListenAddress(host: "127.0.0.1", port: 9464))
        #expect(settings.role == .primary)
        #expect(settings.maxStaleness == 60)
        #expect(settings.stale == .serve)
        #expect(settings.litestreamConfig == nil)
        #expect(settings.litestream == "litestream")
        #expect(settings.stripeRate == 20)
        #expect(settings.sweepInterval == 300)
        #expect(settings.verifyShare == 5)
        #expect(settings.eventRetentionDays == 30)
        #expect(settings.logLevel == .info)
    }

    @Test func takesEverySetting() async throws {
        let settings = try await settings(and: [
            "STRIPE_PUBLISHABLE_KEY": "pk_test_1", "STRIPE_API_BASE": "http://127.0.0.1:12111/",
            "STRIPE_API_VERSION": "2020-08-27", "FRONTEND_URL": "https://App.example.com:443/shop/",
            "PORTALD_ALLOWED_ORIGINS": "https://other.example.com , http://localhost:3000",
            "PORTALD_RETURN_PATH": "/account?tab=billing", "PORTALD_LISTEN": "[::1]:0", "PORTALD_DATABASE": "/tmp/x.db",
            "PORTALD_JWT_ISSUER": "https://issuer.example", "PORTALD_JWT_AUDIENCE": "portald",
            "PORTALD_JWT_USER_CLAIM": "uid", "PORTALD_JWT_REQUIRED_CLAIMS": "token_type=access, a=b=c",
            "PORTALD_PORTAL_CONFIGURATION": "bpc_1", "PORTALD_USER_METADATA_KEY": "uid",
            "PORTALD_PORTAL_RATE": "3/10s",
            "PORTALD_PORTAL_STATUSES": " active,unpaid ", "PORTALD_SIGNATURE_TOLERANCE": "86400",
            "PORTALD_ADMIN_LISTEN": "[::1]:0", "PORTALD_STRIPE_RATE": "100", "PORTALD_SWEEP_INTERVAL": "60",
            "PORTALD_VERIFY_SHARE": "0", "PORTALD_EVENT_RETENTION_DAYS": "3650", "PORTALD_LOG_LEVEL": "debug",
            "PORTALD_LOG_FORMAT": "json", "PORTALD_ENDPOINT_INTERVAL": "5",
        ])
        #expect(settings.endpointInterval == 5)
        #expect(settings.adminListen == ListenAddress(host: "::1", port: 0))
        #expect(settings.stripeRate == 100)
        #expect(settings.sweepInterval == 60)
        #expect(settings.verifyShare == 0)
        #expect(settings.eventRetentionDays == 3650)
        #expect(settings.publishableKey == "pk_test_1")
        #expect(settings.apiBase.string == "http://127.0.0.1:12111")
        #expect(settings.apiVersion == "2020-08-27")
        #expect(
            settings.allowedOrigins == [
                "https://app.example.com", "https://other.example.com", "http://localhost:3000",
            ]
        )
        #expect(settings.returnURL == "https://app.example.com/shop/account?tab=billing")
        #expect(settings.listen == ListenAddress(host: "::1", port: 0))
        #expect(settings.database == "/tmp/x.db")
        let rules = ClaimRules(
            issuer: "https://issuer.example",
            audience: "portald",
            userClaim: "uid",
            requiredClaims: [.init(name: "token_type", value: "access"), .init(name: "a", value: "b=c")]
        )
        #expect(settings.authentication.claimRules == rules)
        #expect(settings.portalConfiguration == "bpc_1")
        #expect(settings.portalRate == PortalRate("3/10s"))
        #expect(settings.frontendBase == "https://app.example.com/shop")
        #expect(settings.userMetadataKey == "uid")
        #expect(settings.portalStatuses == ["active", "unpaid"])
        #expect(settings.signatureTolerance == 86_400)
        #expect(settings.logLevel == .debug)
    }

    @Test(arguments: [("sk_test_1", false), ("rk_test_1", false), ("sk_live_1", true), ("rk_live_1", true)])
    func takesTheModeFromTheKey(_ key: String, livemode: Bool) async throws {
        #expect(try await settings(and: ["STRIPE_SECRET_KEY": key]).livemode == livemode)
    }

    @Test func takesTwoSecretsWhileOneIsRolled() async throws {
        let settings = try await settings(and: ["STRIPE_WEBHOOK_SECRET": "whsec_1, whsec_2"])
        #expect(settings.webhookSecrets == [WebhookSecret("whsec_1"), WebhookSecret("whsec_2")])
    }

    /// An Ed25519 public key; its private half was thrown away.
    static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAaJj/xB2XBCPGPGx0X+sYN2JKFCPBUXZethRB0VA1dHA=
        -----END PUBLIC KEY-----
        """

    @Test func takesAPublicKeyInPlaceOfASecretOrBesideIt() async throws {
        let folder = try Folder()
        let path = try folder.write("key.pem", Self.publicKey)
        var environment = Self.required
        environment["PORTALD_JWT_PUBLIC_KEY"] = path
        #expect(try await settings(environment).authentication.tokenKeys.count == 2)
        environment["PORTALD_JWT_SECRET"] = nil
        #expect(try await settings(environment).authentication.tokenKeys.count == 1)
        try folder.remove()
    }

    @Test func takesAKeySetOfAFileOrAURL() async throws {
        let folder = try Folder()
        let set = #"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"aJj_xB2XBCPGPGx0X-sYN2JKFCPBUXZethRB0VA1dHA"}]}"#
        let path = try folder.write("keys.json", set)
        var environment = Self.required
        environment["PORTALD_JWT_SECRET"] = nil
        environment["PORTALD_JWKS"] = path
        #expect(try await settings(environment).authentication.keySet == .file(path))
        for url in ["https://id.example/keys?p=1", "http://127.0.0.1:9/keys/"] {
            environment["PORTALD_JWKS"] = url
            #expect(try await settings(environment).authentication.keySet == .url(EndpointURL(resource: url)))
        }
        try folder.remove()
    }

    @Test(arguments: [
        (#"{"keys":[{"kty":"RSA","kid":"k1","d":"MARK","n":"AQAB","e":"AQAB"}]}"#, "key 1 (kid k1) cannot be used: it is a private key"),
        (#"{"keys":[{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}]}"#, "no key for signatures of a supported kind"),
        (#"{"keys":[{"kty":"oct","k":"MARK"}]}"#, "it is a symmetric key"), ("MARK", "is not one JSON object"),
        (#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, "it has 17 bits"),
    ])
    func aBadKeySetIsRefusedAtTheStart(_ set: String, words: String) async throws {
        let folder = try Folder()
        let faults = await faults(with: ["PORTALD_JWKS": try folder.write("keys.json", set)])
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("PORTALD_JWKS cannot be used: ") == true)
        #expect(faults.first?.contains(words) == true, "\(faults)")
        #expect(faults.first?.contains("MARK") == false)
        try folder.remove()
    }

    private static let introspection = [
        "PORTALD_SESSION_COOKIE": "__Host-session", "PORTALD_SESSION_INTROSPECTION_URL": "https://id.example/o/introspect/",
        "PORTALD_SESSION_INTROSPECTION_CLIENT_ID": "portald", "PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET": "MARK",
    ]

    @Test func takesSessionsThatAnEndpointKnowsWithoutAnyKey() async throws {
        var environment = Self.required.merging(Self.introspection) { _, new in new }
        environment["PORTALD_JWT_SECRET"] = nil
        let authentication = try await settings(environment).authentication
        #expect(authentication.tokenKeys.isEmpty && authentication.keySet == nil)
        #expect(authentication.cookie?.name == "__Host-session")
        #expect(authentication.introspection?.url.string == "https://id.example/o/introspect/")
        #expect(authentication.introspection?.clientID == "portald")
        #expect(authentication.introspection?.clientSecret.exposed == "MARK")
        var dumped = ""
        dump(authentication, to: &dumped)
        #expect(!dumped.contains("MARK"))
    }

    @Test(arguments: [
        ("PORTALD_SESSION_COOKIE", "PORTALD_SESSION_INTROSPECTION_URL needs PORTALD_SESSION_COOKIE"),
        ("PORTALD_SESSION_INTROSPECTION_CLIENT_ID", "PORTALD_SESSION_INTROSPECTION_CLIENT_ID is not set"),
        ("PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET", "PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET is not set"),
    ])
    func introspectionNeedsItsOtherSettings(_ missing: String, words: String) async {
        let faults = await faults(with: Self.introspection.filter { $0.key != missing })
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix(words) == true, "\(faults)")
    }

    // MARK: Faults

    @Test func namesEverySettingThatIsMissing() async {
        let faults = await faults([:])
        #expect(faults.count == 4)
        for (fault, name) in zip(faults, ["STRIPE_SECRET_KEY", "FRONTEND_URL", "STRIPE_WEBHOOK_SECRET", "PORTALD_JWT_"]) {
            #expect(fault.hasPrefix(name))
            #expect(fault.contains("not set"))
        }
        for name in ["PORTALD_JWT_PUBLIC_KEY", "PORTALD_JWKS", "PORTALD_SESSION_INTROSPECTION_URL"] {
            #expect(faults.last?.contains(name) == true)
        }
    }

    /// One value of each setting that cannot be used; `MARK` stands for what must not be shown.
    private static let unusable = [
        "STRIPE_SECRET_KEY": "pk_test_MARK", "STRIPE_PUBLISHABLE_KEY": "sk_live_MARK", "STRIPE_WEBHOOK_SECRET": "MARK,,",
        "FRONTEND_URL": "https://user:MARK@app.example.com", "STRIPE_API_BASE": "https://user:MARK@api.stripe.com",
        "STRIPE_API_VERSION": "MARK", "PORTALD_ALLOWED_ORIGINS": "https://x.example,https://user:MARK@x.example",
        "PORTALD_RETURN_PATH": "MARK", "PORTALD_LISTEN": "MARK", "PORTALD_DATABASE": " ", "PORTALD_JWT_SECRET": "MARK",
        "PORTALD_JWT_PUBLIC_KEY": "/nowhere/MARK", "PORTALD_JWKS": "https://user:MARK@id.example/keys",
        "PORTALD_SESSION_COOKIE": "MARK;", "PORTALD_SESSION_INTROSPECTION_URL": "http://MARK.example/introspect",
        "PORTALD_SESSION_INTROSPECTION_CLIENT_ID": "\"MARK\"", "PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET": " ",
        "PORTALD_JWT_ISSUER": " ", "PORTALD_JWT_AUDIENCE": "",
        "PORTALD_JWT_USER_CLAIM": "\t", "PORTALD_JWT_REQUIRED_CLAIMS": "MARK", "PORTALD_PORTAL_CONFIGURATION": "MARK",
        "PORTALD_USER_METADATA_KEY": "", "PORTALD_PORTAL_STATUSES": "active,,MARK",
        "PORTALD_SIGNATURE_TOLERANCE": "MARK", "PORTALD_LOG_LEVEL": "MARK", "PORTALD_LOG_FORMAT": "MARK", "PORTALD_ROLE": "MARK", "PORTALD_STALE": "MARK",
        "PORTALD_MAX_STALENESS": "MARK",
        "PORTALD_LITESTREAM_CONFIG": " ", "PORTALD_LITESTREAM": "\"MARK\"", "PORTALD_ADMIN_LISTEN": "MARK",
        "PORTALD_PORTAL_RATE": "MARK", "PORTALD_STRIPE_RATE": "MARK", "PORTALD_SWEEP_INTERVAL": "MARK", "PORTALD_VERIFY_SHARE": "MARK",
        "PORTALD_EVENT_RETENTION_DAYS": "MARK", "PORTALD_ENDPOINT_INTERVAL": "MARK",
    ]

    @Test func namesEveryFaultInOneMessageAndNoValue() async throws {
        let error = try #require(await #expect(throws: SettingsError.self) { try await settings(Self.unusable) })
        let text = "\(error)"
        for name in Self.unusable.keys {
            #expect(error.faults.count { $0.hasPrefix(name + " ") } == 1, "\(name)")
        }
        #expect(error.faults.count == Self.unusable.count)
        #expect(error.faults.allSatisfy { text.contains("\n  - \($0)") })
        #expect(!text.contains("MARK"))
    }

    @Test(arguments: [
        ("STRIPE_SECRET_KEY", "pk_live_1", "no secret key"), ("STRIPE_SECRET_KEY", "whsec_1", "no secret key"),
        ("STRIPE_SECRET_KEY", " sk_test_1", "no secret key"), ("STRIPE_SECRET_KEY", "sk_test_1 ", "a character that no key has"),
        ("STRIPE_SECRET_KEY", "sk_test_1\r\nX: y", "a character that no key has"), ("STRIPE_SECRET_KEY", "sk_test_é", "a character"),
        ("STRIPE_SECRET_KEY", "", "blank"), ("STRIPE_SECRET_KEY", " \n", "blank"),
        ("STRIPE_WEBHOOK_SECRET", "", "blank"), ("STRIPE_WEBHOOK_SECRET", " ", "blank"),
        ("STRIPE_WEBHOOK_SECRET", ",", "blank part"), ("STRIPE_WEBHOOK_SECRET", "whsec_1,", "blank part"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1, ,whsec_2", "blank part"),
        ("FRONTEND_URL", "app.example.com", "no http or https address"), ("FRONTEND_URL", "*", "no http or https address"),
        ("PORTALD_ALLOWED_ORIGINS", "*", "no origin"), ("PORTALD_ALLOWED_ORIGINS", "null", "no origin"),
        ("PORTALD_ALLOWED_ORIGINS", "https://x.example/path", "no origin"),
        ("PORTALD_ALLOWED_ORIGINS", "https://x.example,", "empty part"),
        ("STRIPE_API_BASE", "http://api.stripe.com", "use https"), ("STRIPE_API_BASE", "api.stripe.com", "no absolute URL"),
        ("STRIPE_API_BASE", "ftp://api.stripe.com", "scheme"), ("STRIPE_API_BASE", "https://api.stripe.com?x", "query"),
        ("STRIPE_API_VERSION", "2026-03-25.dahlia\r\nX: y", "no version"), ("STRIPE_API_VERSION", "2026-3-25", "no version"),
        ("STRIPE_API_VERSION", "２０２６-03-25", "no version"),
        ("PORTALD_RETURN_PATH", "billing", "no path"), ("PORTALD_RETURN_PATH", "//evil.example", "no path"),
        ("PORTALD_RETURN_PATH", "/a b", "no path"), ("PORTALD_RETURN_PATH", "https://evil.example", "no path"),
        ("PORTALD_LISTEN", "8080", "no address"), ("PORTALD_LISTEN", "::1:8080", "no address"),
        ("PORTALD_JWT_SECRET", "too short", "too short"), ("PORTALD_JWT_SECRET", publicKey, "is a PEM text"),
        ("PORTALD_JWT_PUBLIC_KEY", "/nowhere/key.pem", "cannot be read"),
        ("PORTALD_JWKS", "/nowhere/keys.json", "cannot be read"), ("PORTALD_JWKS", "http://id.example/keys", "use https"),
        ("PORTALD_JWKS", "ftp://id.example/keys", "scheme"), ("PORTALD_JWKS", "https://id.example/keys#x", "fragment"),
        ("PORTALD_JWKS", " ", "blank"), ("PORTALD_SESSION_COOKIE", "my session", "no name of a cookie"),
        ("PORTALD_SESSION_COOKIE", "a=b", "__Host-session"),
        ("PORTALD_SESSION_INTROSPECTION_CLIENT_ID", "x", "no effect without PORTALD_SESSION_INTROSPECTION_URL"),
        ("PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET", "x", "no effect without PORTALD_SESSION_INTROSPECTION_URL"),
        ("PORTALD_JWT_REQUIRED_CLAIMS", "a=b,c", "name=value"), ("PORTALD_JWT_REQUIRED_CLAIMS", "=b", "name=value"),
        ("PORTALD_PORTAL_CONFIGURATION", "cus_1", "bpc_"), ("STRIPE_PUBLISHABLE_KEY", "sk_test_1", "pk_"),
        ("PORTALD_PORTAL_STATUSES", "active,", "empty part"), ("PORTALD_PORTAL_STATUSES", "", "blank"),
        ("PORTALD_SIGNATURE_TOLERANCE", "0", "1 to 86400"), ("PORTALD_SIGNATURE_TOLERANCE", "-1", "1 to 86400"),
        ("PORTALD_SIGNATURE_TOLERANCE", "86401", "1 to 86400"), ("PORTALD_SIGNATURE_TOLERANCE", "5m", "1 to 86400"),
        ("PORTALD_ADMIN_LISTEN", "9464", "no address"), ("PORTALD_ADMIN_LISTEN", "0.0.0.0:9464", "open to other machines"),
        ("PORTALD_ADMIN_LISTEN", "[::]:9464", "no token"), ("PORTALD_ADMIN_LISTEN", "vm.example.com:9464", "127.0.0.0/8"),
        ("PORTALD_STRIPE_RATE", "0", "requests per second from 1 to 100"), ("PORTALD_STRIPE_RATE", "101", "1 to 100"),
        ("PORTALD_PORTAL_RATE", "10", "is no rate such as 10/60s"), ("PORTALD_PORTAL_RATE", "0/60s", "1 to 10000"),
        ("PORTALD_PORTAL_RATE", "10/60m", "followed by s"), ("PORTALD_PORTAL_RATE", " ", "blank"),
        ("PORTALD_STRIPE_RATE", "20.5", "1 to 100"), ("PORTALD_STRIPE_RATE", "", "blank"),
        ("PORTALD_SWEEP_INTERVAL", "0", "1 to 86400"), ("PORTALD_SWEEP_INTERVAL", "86401", "1 to 86400"),
        ("PORTALD_ENDPOINT_INTERVAL", "0", "1 to 86400"),
        ("PORTALD_VERIFY_SHARE", "-1", "percent from 0 to 50"), ("PORTALD_VERIFY_SHARE", "51", "0 to 50"),
        ("PORTALD_VERIFY_SHARE", "5%", "0 to 50"), ("PORTALD_EVENT_RETENTION_DAYS", "0", "days from 1 to 3650"),
        ("PORTALD_EVENT_RETENTION_DAYS", "3651", "1 to 3650"), ("PORTALD_EVENT_RETENTION_DAYS", "30d", "1 to 3650"),
        ("PORTALD_LOG_LEVEL", "verbose", "no level"), ("PORTALD_LOG_LEVEL", "INFO", "no level"),
        ("PORTALD_LOG_FORMAT", "JSON", "logfmt or json"), ("PORTALD_ROLE", "standby", "primary or portal"),
        ("PORTALD_STALE", "maybe", "serve or refuse"), ("PORTALD_MAX_STALENESS", "0", "seconds"),
        ("PORTALD_DATABASE", "", "blank"), ("PORTALD_USER_METADATA_KEY", " ", "blank"),
    ])
    func saysWhatIsWrong(_ name: String, value: String, words: String) async {
        let faults = await faults(with: [name: value])
        #expect(faults.count == 1, "\(faults)")
        #expect(faults.first?.hasPrefix(name + " ") == true)
        #expect(faults.first?.contains(words) == true, "\(faults)")
    }

    /// Not even by a dump of everything.
    @Test func showsNoSecretOfItself() async throws {
        let settings = try await settings(and: [
            "STRIPE_SECRET_KEY": "sk_test_MARK", "STRIPE_WEBHOOK_SECRET": "whsec_MARK",
            "PORTALD_JWT_SECRET": "MARK of at least thirty-two bytes in all",
        ])
        var dumped = ""
        dump(settings, to: &dumped)
        for text in [dumped, "\(settings)", String(reflecting: settings)] {
            #expect(!text.contains("MARK"))
        }
    }
}
