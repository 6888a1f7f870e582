import Logging
import Portal
import StripeClient

/// What tells who is asking, made from the settings.
struct AuthenticationParts {
    let authenticator: Authenticator
    /// Runs beside the listener; nil where the keys are the operator's own.
    let keySet: JSONWebKeySetCache?

    /// Keeps the old key set where the settings name the same.
    ///
    /// - Throws: ``TokenKeyError`` where there is no key.
    init(
        settings: Settings,
        transport: CurlTransport,
        reusing old: JSONWebKeySetCache? = nil,
        logger: Logger
    ) async throws(TokenKeyError) {
        let authentication = settings.authentication
        let keySet = authentication.keySet.map { source in
            old.flatMap { $0.source == source ? $0 : nil }
                ?? JSONWebKeySetCache(
                    source: source,
                    transport: transport,
                    userAgent: Version.userAgent,
                    logger: logger
                )
        }
        var verifier: TokenVerifier?
        if keySet != nil || !authentication.tokenKeys.isEmpty {
            verifier = try await TokenVerifier(
                keys: authentication.tokenKeys,
                keySet: keySet,
                rules: authentication.claimRules
            )
        }
        let introspection = authentication.introspection.map {
            SessionIntrospection(
                endpoint: $0,
                rules: authentication.claimRules,
                transport: transport,
                userAgent: Version.userAgent
            )
        }
        let kind = introspection.map(CookieSessions.Kind.opaque) ?? verifier.map(CookieSessions.Kind.token)
        var sessions: CookieSessions?
        if let cookie = authentication.cookie, let kind {
            sessions = CookieSessions(cookie: cookie, allowedOrigins: settings.allowedOrigins, kind: kind)
        }
        authenticator = Authenticator(verifier: verifier, sessions: sessions)
        self.keySet = keySet
    }
}
