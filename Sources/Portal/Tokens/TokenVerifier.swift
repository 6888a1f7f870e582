public import Foundation
internal import JWTKit
public import MirrorStore

/// Verifies JWTs as RFC 7519 and RFC 8725 want it, and tells which user they are for.
///
/// jwt-kit reads the keys and verifies signatures. Tokens are not read by it, because 5.7.1 verifies with its only key
/// whatever `alg` says, ignores `crit`, accepts several spellings of one base64url text and keeps the first of two
/// equal names; its `JWTHeader` traps on a number such as `1e300`.
///
/// The header's `typ` is not checked, because issuers disagree on it; ``ClaimRules/requiredClaims`` keeps kinds of
/// tokens apart.
public struct TokenVerifier: Sendable {
    /// The longest accepted token in bytes.
    public static let maximumLength = 8192

    private let rules: ClaimRules
    private let keyring: TokenKeyring
    private let keySet: JSONWebKeySetCache?

    /// Prepares the keys.
    ///
    /// - Parameters:
    ///   - keys: the operator's own, which have no `kid`.
    ///   - keySet: the issuer's.
    ///   - rules: what claims must say.
    /// - Throws: ``TokenKeyError/noKey`` without keys.
    public init(
        keys: [TokenKey],
        keySet: JSONWebKeySetCache? = nil,
        rules: ClaimRules
    ) async throws(TokenKeyError) {
        guard !keys.isEmpty || keySet != nil else { throw .noKey }
        keyring = try await TokenKeyring(keys)
        self.keySet = keySet
        self.rules = rules
    }

    /// Verifies a token with the keys that are at hand.
    ///
    /// - Parameters:
    ///   - token: a compact JWS, without the scheme's name.
    ///   - now: the current time, which `exp`, `nbf` and `iat` are compared with.
    /// - Returns: the user the token was issued for.
    /// - Throws: ``TokenError``, which is for the log; tell the client ``PortalError/invalidToken``.
    public func verify(_ token: some StringProtocol, now: Date) throws(TokenError) -> UserID {
        let jws = try CompactJWS(token)
        if let error = signatureError(of: jws) { throw error }
        return try rules.userID(of: TokenObject(jws.payload, part: .payload), now: now)
    }

    /// Verifies a token, for which the issuer's key set is fetched first where the token may be of a key that is new.
    ///
    /// Waits for the fetch, which ends by itself after its timeout.
    ///
    /// - Parameters:
    ///   - token: as for ``verify(_:now:)``.
    ///   - now: as for ``verify(_:now:)``.
    /// - Returns: the user the token was issued for.
    /// - Throws: ``TokenError``, as ``verify(_:now:)``.
    public func verifyFetchingKeys(_ token: some StringProtocol, now: Date) async throws(TokenError) -> UserID {
        do throws(TokenError) {
            return try verify(token, now: now)
        } catch {
            guard let keySet, error == .keyUnknown || error == .keySetMissing else { throw error }
            await keySet.refreshOnDemand()
            return try verify(token, now: now)
        }
    }

    /// What is wrong with a token's signature; nil where a key made it.
    private func signatureError(of jws: CompactJWS) -> TokenError? {
        if keyring.verifies(jws) { return nil }
        let isServedByOwn = keyring.serves(jws.algorithm)
        guard let keySet, JSONWebKey.algorithms.contains(jws.algorithm) else {
            return isServedByOwn ? .signatureMismatch : .algorithmNotAccepted
        }
        guard let keys = keySet.keyring else { return .keySetMissing }
        if keys.verifies(jws) { return nil }
        if let id = jws.keyID, !keys.contains(id: id) { return .keyUnknown }
        return isServedByOwn || keys.serves(jws.algorithm) ? .signatureMismatch : .algorithmNotAccepted
    }
}
