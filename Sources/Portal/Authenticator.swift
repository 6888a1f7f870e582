public import Foundation
public import MirrorStore

/// Tells who is asking, from a request's credentials.
public struct Authenticator: Sendable {
    private let verifier: TokenVerifier

    /// - Parameter verifier: Verifies bearer tokens.
    public init(verifier: TokenVerifier) {
        self.verifier = verifier
    }

    /// Authenticates a request.
    ///
    /// - Parameters:
    ///   - authorization: The values of all of its `Authorization` headers.
    ///   - now: What the token's times are compared with.
    /// - Returns: The user who is asking.
    /// - Throws: ``PortalFailure`` with ``PortalError/authenticationRequired`` or ``PortalError/invalidToken``.
    public func authenticate(authorization: [String], now: Date) throws(PortalFailure) -> UserID {
        switch BearerToken.parse(authorizationHeader: authorization) {
        case .none:
            throw PortalFailure(.authenticationRequired)
        case .malformed:
            throw PortalFailure(.invalidToken, cause: "the Authorization header is not one bearer token")
        case .token(let token):
            do {
                return try verifier.verify(token, now: now)
            } catch {
                throw PortalFailure(.invalidToken, cause: "\(error)")
            }
        }
    }
}
