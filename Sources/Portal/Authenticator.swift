public import Foundation
public import MirrorStore

/// Tells who is asking, from a request's credentials.
///
/// A bearer token wins over a cookie, also where it is not valid: what a program sends on purpose counts for more than what
/// a browser adds by itself.
public struct Authenticator: Sendable {
    private let verifier: TokenVerifier?
    private let sessions: CookieSessions?

    /// - Parameters:
    ///   - verifier: Verifies bearer tokens; without one none is valid.
    ///   - sessions: Sessions that come with a cookie; without them no cookie counts.
    public init(verifier: TokenVerifier?, sessions: CookieSessions? = nil) {
        self.verifier = verifier
        self.sessions = sessions
    }

    /// Whether a browser may send its cookies along.
    public var acceptsCookies: Bool { sessions != nil }

    /// Authenticates a request.
    ///
    /// - Parameters:
    ///   - credentials: What the request says.
    ///   - now: What times of tokens and sessions are compared with.
    /// - Returns: The user who is asking.
    /// - Throws: ``PortalFailure`` with ``PortalError/authenticationRequired``, ``PortalError/invalidToken``,
    ///   ``PortalError/crossSiteRequest`` or ``PortalError/authenticationUnavailable``.
    public func authenticate(_ credentials: RequestCredentials, now: Date) async throws(PortalFailure) -> UserID {
        switch BearerToken.parse(authorizationHeader: credentials.authorization) {
        case .none:
            guard let sessions else { throw PortalFailure(.authenticationRequired) }
            return try await authenticate(credentials, sessions, now: now)
        case .malformed:
            throw PortalFailure(.invalidToken, cause: "the Authorization header is not one bearer token")
        case .token(let token):
            guard let verifier else {
                throw PortalFailure(.invalidToken, cause: "no key for bearer tokens is configured")
            }
            return try await Self.user(of: token, verifier, now: now)
        }
    }

    private func authenticate(
        _ credentials: RequestCredentials,
        _ sessions: CookieSessions,
        now: Date
    ) async throws(PortalFailure) -> UserID {
        let reading = sessions.cookie.read(credentials.cookie)
        guard reading != .none else { throw PortalFailure(.authenticationRequired) }
        // Before anything is done with the session: another site's page must not even cause a call.
        guard sessions.site.passes(origin: credentials.origin, fetchSite: credentials.fetchSite) else {
            throw PortalFailure(
                .crossSiteRequest,
                cause: "a session cookie without one allowed Origin, or without any and not Sec-Fetch-Site: same-origin"
            )
        }
        guard case .session(let session) = reading else {
            throw PortalFailure(.invalidToken, cause: "the session cookie is malformed or was sent twice")
        }
        switch sessions.kind {
        case .token(let verifier): return try await Self.user(of: session, verifier, now: now)
        case .opaque(let introspection): return try await introspection.user(of: session, now: now)
        }
    }

    private static func user(
        of token: String,
        _ verifier: TokenVerifier,
        now: Date
    ) async throws(PortalFailure) -> UserID {
        do {
            return try await verifier.verifyFetchingKeys(token, now: now)
        } catch .keySetMissing {
            throw PortalFailure(.authenticationUnavailable, cause: "\(TokenError.keySetMissing)")
        } catch {
            throw PortalFailure(.invalidToken, cause: "\(error)")
        }
    }
}
