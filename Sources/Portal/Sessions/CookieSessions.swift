/// Sessions that come with a cookie.
public struct CookieSessions: Sendable {
    /// How a session tells whose it is.
    public enum Kind: Sendable {
        /// It is a token.
        case token(TokenVerifier)
        /// An endpoint of the operator's knows it.
        case opaque(SessionIntrospection)
    }

    let cookie: SessionCookie
    let site: SiteCheck
    let kind: Kind

    /// - Parameters:
    ///   - cookie: Carries the session.
    ///   - allowedOrigins: Origins whose pages may use it.
    ///   - kind: What a session is.
    public init(cookie: SessionCookie, allowedOrigins: Set<String>, kind: Kind) {
        self.cookie = cookie
        site = SiteCheck(allowedOrigins: allowedOrigins)
        self.kind = kind
    }
}
