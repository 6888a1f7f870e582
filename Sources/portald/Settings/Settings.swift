import Foundation
import Logging
import Portal
import Stripe
import StripeClient
import Sync
import Web

/// The daemon's settings, validated once, at start.
///
/// The README's table says what each is for.
struct Settings: Sendable {
    /// `STRIPE_SECRET_KEY`, secret, required: `sk_…` or `rk_…`.
    var secretKey: Secret
    /// Whether the key, and so the mirror, is of live mode.
    var livemode: Bool
    /// `STRIPE_PUBLISHABLE_KEY`: `pk_…`.
    var publishableKey: String?
    /// `STRIPE_WEBHOOK_SECRET`, secret, required: one or more, separated by commas.
    var webhookSecrets: [WebhookSecret]
    /// `PORTALD_WEBHOOK_URL`: the address that Stripe sends webhooks to, for `doctor` and the watch on it.
    var webhookURL: String?
    /// `STRIPE_API_BASE`, default `https://api.stripe.com`.
    var apiBase: EndpointURL
    /// `STRIPE_API_VERSION`, default `2026-03-25.dahlia`.
    var apiVersion: String
    /// `FRONTEND_URL`, required, and `PORTALD_ALLOWED_ORIGINS`.
    var allowedOrigins: Set<String>
    /// `FRONTEND_URL` followed by `PORTALD_RETURN_PATH`, default `/billing`.
    var returnURL: String
    /// `FRONTEND_URL` without a slash at its end: the base of a `return_path`.
    var frontendBase: String
    /// `PORTALD_LISTEN`, default `127.0.0.1:8080`.
    var listen: ListenAddress
    /// `PORTALD_ADMIN_LISTEN`, default `127.0.0.1:9464`: readiness and status, for this machine only.
    var adminListen: ListenAddress
    /// `PORTALD_DATABASE`, default `portald.db`.
    var database: String
    /// `PORTALD_JWT_…`, `PORTALD_JWKS` and `PORTALD_SESSION_…`.
    var authentication: AuthenticationSettings
    /// `PORTALD_PORTAL_CONFIGURATION`: `bpc_…`.
    var portalConfiguration: String?
    /// `PORTALD_PORTAL_RATE`, default `10/60s`: how often one user may ask for the portal.
    var portalRate: PortalRate
    /// `PORTALD_USER_METADATA_KEY`, default `user_id`.
    var userMetadataKey: String
    /// `PORTALD_PORTAL_STATUSES`, default `active,trialing,past_due`.
    var portalStatuses: Set<String>
    /// `PORTALD_SIGNATURE_TOLERANCE`, seconds, default 300.
    var signatureTolerance: Int64
    /// `PORTALD_STRIPE_RATE`, requests a second of all kinds together, default 20.
    var stripeRate: Int
    /// `PORTALD_SWEEP_INTERVAL`, seconds, default 300.
    var sweepInterval: Int64
    /// `PORTALD_ENDPOINT_INTERVAL`, seconds between two looks at the webhook endpoint, default 60.
    ///
    /// One call a minute is below a percent of any rate, and an endpoint that is enabled again is swept for within it.
    var endpointInterval: Int64
    /// `PORTALD_VERIFY_SHARE`, percent of the rate that verification may use, default 5; 0 turns it off.
    var verifyShare: Int
    /// `PORTALD_EVENT_RETENTION_DAYS`, default 30.
    var eventRetentionDays: Int
    /// `PORTALD_ROLE`, default `primary`.
    var role: Role
    /// `PORTALD_MAX_STALENESS`, seconds that a followed mirror may lag, default 60; a primary gives signs of life six times
    /// within it.
    var maxStaleness: Int64
    /// `PORTALD_STALE`, default `serve`: whether a followed mirror that lags further answers all the same.
    var stale: StalePolicy
    /// `PORTALD_LITESTREAM_CONFIG`: Litestream's configuration, for the commands that run it and for the watch for a newer
    /// primary.
    var litestreamConfig: String?
    /// `PORTALD_LITESTREAM`, default `litestream`: the program.
    var litestream: String
    /// `PORTALD_LOG_LEVEL`, default `info`.
    var logLevel: Logger.Level
    /// `PORTALD_LOG_FORMAT`, default `logfmt`.
    var logFormat: LogFormat

    private static let defaultDatabase = "portald.db"

    /// The database alone, for commands that need nothing else.
    static func database(in source: SettingsSource) -> String {
        source.text("PORTALD_DATABASE") ?? defaultDatabase
    }

    /// Seconds between sweeps alone, for commands that need little else.
    ///
    /// - Throws: ``SettingsError`` where they are not usable.
    static func sweepInterval(in source: SettingsSource) throws(SettingsError) -> Int64 {
        var reader = SettingsReader(source: source)
        let interval = reader.sweepInterval()
        guard reader.faults.isEmpty else { throw SettingsError(faults: reader.faults) }
        return interval
    }

    /// How far a followed mirror may lag alone, for commands that need little else.
    ///
    /// - Throws: ``SettingsError`` where it is not usable.
    static func maxStaleness(in source: SettingsSource) throws(SettingsError) -> Int64 {
        var reader = SettingsReader(source: source)
        let seconds = reader.maxStaleness()
        guard reader.faults.isEmpty else { throw SettingsError(faults: reader.faults) }
        return seconds
    }

    /// The statuses that open the portal alone, for commands that need little else.
    ///
    /// - Throws: ``SettingsError`` where they are not usable.
    static func portalStatuses(in source: SettingsSource) throws(SettingsError) -> Set<String> {
        var reader = SettingsReader(source: source)
        let statuses = reader.portalStatuses("PORTALD_PORTAL_STATUSES")
        guard reader.faults.isEmpty else { throw SettingsError(faults: reader.faults) }
        return statuses
    }

    /// The webhook endpoint that the daemon needs at Stripe.
    var expectedEndpoint: ExpectedEndpoint {
        ExpectedEndpoint(url: webhookURL, livemode: livemode, apiVersion: apiVersion, types: Sweeper.types)
    }

    /// Reads and validates all settings.
    ///
    /// - Throws: ``SettingsError`` with every fault.
    init(_ source: SettingsSource) throws(SettingsError) {
        var reader = SettingsReader(source: source)
        let key = reader.secretKey("STRIPE_SECRET_KEY")
        let frontend = reader.frontendURL("FRONTEND_URL")
        let returnPath = reader.path("PORTALD_RETURN_PATH", default: "/billing")
        role = reader.choice("PORTALD_ROLE", default: .primary)
        let webhookSecrets = reader.webhookSecrets("STRIPE_WEBHOOK_SECRET", isRequired: role == .primary)
        let apiBase = reader.endpoint("STRIPE_API_BASE", default: "https://api.stripe.com")
        webhookURL = reader.webhookURL("PORTALD_WEBHOOK_URL")
        let listen = reader.listenAddress("PORTALD_LISTEN", default: "127.0.0.1:8080")
        let adminListen = reader.loopbackAddress("PORTALD_ADMIN_LISTEN", default: "127.0.0.1:9464")
        let origins = reader.origins("PORTALD_ALLOWED_ORIGINS")
        publishableKey = reader.text("STRIPE_PUBLISHABLE_KEY", prefixes: ["pk_"])
        apiVersion = reader.apiVersion("STRIPE_API_VERSION", default: "2026-03-25.dahlia")
        database = reader.text("PORTALD_DATABASE") ?? Self.defaultDatabase
        authentication = reader.authentication()
        portalConfiguration = reader.text("PORTALD_PORTAL_CONFIGURATION", prefixes: ["bpc_"])
        let portalRate = reader.portalRate("PORTALD_PORTAL_RATE", default: "10/60s")
        userMetadataKey = reader.text("PORTALD_USER_METADATA_KEY") ?? "user_id"
        portalStatuses = reader.portalStatuses("PORTALD_PORTAL_STATUSES")
        signatureTolerance = reader.seconds("PORTALD_SIGNATURE_TOLERANCE", default: 300)
        stripeRate = reader.integer("PORTALD_STRIPE_RATE", of: "requests per second", in: 1...100, default: 20)
        sweepInterval = reader.sweepInterval()
        endpointInterval = reader.seconds("PORTALD_ENDPOINT_INTERVAL", default: 60)
        verifyShare = reader.integer("PORTALD_VERIFY_SHARE", of: "percent", in: 0...50, default: 5)
        eventRetentionDays = reader.integer("PORTALD_EVENT_RETENTION_DAYS", of: "days", in: 1...3650, default: 30)
        maxStaleness = reader.maxStaleness()
        stale = reader.choice("PORTALD_STALE", default: .serve)
        litestreamConfig = reader.litestreamConfig()
        litestream = reader.litestream()
        logLevel = reader.logLevel("PORTALD_LOG_LEVEL", default: .info)
        logFormat = reader.choice("PORTALD_LOG_FORMAT", default: .logfmt)
        guard reader.faults.isEmpty, let key, let frontend, let apiBase, let listen, let adminListen, let portalRate
        else {
            throw SettingsError(faults: reader.faults)
        }
        secretKey = key.secret
        livemode = key.livemode
        returnURL = frontend.base + returnPath
        frontendBase = frontend.base
        self.portalRate = portalRate
        allowedOrigins = origins.union([frontend.origin])
        self.webhookSecrets = webhookSecrets
        self.apiBase = apiBase
        self.listen = listen
        self.adminListen = adminListen
    }
}
