public import Foundation
internal import JWTKit

/// Signs tokens as the operator's own application would, for a demonstration without one.
public struct TokenSigner: Sendable {
    private struct Claims: JWTPayload {
        var sub: SubjectClaim
        var exp: ExpirationClaim

        func verify(using algorithm: some JWTAlgorithm) throws {}
    }

    private let keys: JWTKeyCollection

    /// - Parameter secret: The HS256 secret.
    public init(secret: String) async {
        keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
    }

    /// Signs a token.
    ///
    /// - Parameters:
    ///   - user: The value of `sub`.
    ///   - expiration: The value of `exp`.
    /// - Returns: The token in its compact form.
    /// - Throws: JWTKit's error where the claims cannot be encoded.
    public func token(for user: String, expiring expiration: Date) async throws -> String {
        try await keys.sign(Claims(sub: .init(value: user), exp: .init(value: expiration)))
    }
}
