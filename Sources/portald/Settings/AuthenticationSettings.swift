import Portal

/// How users prove who they are; there is at least one way.
struct AuthenticationSettings: Sendable {
    /// `PORTALD_JWT_SECRET`, secret, and `PORTALD_JWT_PUBLIC_KEY`.
    var tokenKeys: [TokenKey]
    /// `PORTALD_JWKS`: a file or a URL.
    var keySet: JSONWebKeySetSource?
    /// `PORTALD_JWT_ISSUER`, `PORTALD_JWT_AUDIENCE`, `PORTALD_JWT_USER_CLAIM`, `PORTALD_JWT_REQUIRED_CLAIMS`.
    var claimRules: ClaimRules
    /// `PORTALD_SESSION_COOKIE`.
    var cookie: SessionCookie?
    /// `PORTALD_SESSION_INTROSPECTION_URL`, `…_CLIENT_ID`, `…_CLIENT_SECRET`, secret.
    var introspection: IntrospectionEndpoint?
}
