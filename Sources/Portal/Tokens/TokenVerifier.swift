public import Foundation
internal import JWTKit
public import MirrorStore

/// Verifies bearer JWTs as RFC 7519 and RFC 8725 want it, and tells which user they are for.
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
    /// By the `alg` they verify; several keys for one `alg` are tried in turn, as while keys are being rotated.
    private let algorithms: [String: [any JWTAlgorithm]]

    /// Prepares the keys.
    ///
    /// - Throws: ``TokenKeyError/noKey`` without keys.
    public init(keys: [TokenKey], rules: ClaimRules) async throws(TokenKeyError) {
        guard !keys.isEmpty else { throw .noKey }
        var algorithms: [String: [any JWTAlgorithm]] = [:]
        for key in keys {
            for (name, algorithm) in try await key.algorithms() {
                algorithms[name, default: []].append(algorithm)
            }
        }
        self.algorithms = algorithms
        self.rules = rules
    }

    /// Verifies a token.
    ///
    /// - Parameters:
    ///   - token: a compact JWS, without the scheme's name.
    ///   - now: the current time, which `exp`, `nbf` and `iat` are compared with.
    /// - Returns: the user the token was issued for.
    /// - Throws: ``TokenError``, which is for the log; tell the client ``PortalError/invalidToken``.
    public func verify(_ token: some StringProtocol, now: Date) throws(TokenError) -> UserID {
        let jws = try CompactJWS(token)
        guard let candidates = algorithms[jws.algorithm] else { throw .algorithmNotAccepted }
        // A signature of the wrong form is an error to some algorithms and false to others; both mean no match.
        let isSigned = candidates.contains { candidate in
            (try? candidate.verify(jws.signature, signs: jws.signingInput)) ?? false
        }
        guard isSigned else { throw .signatureMismatch }
        return try rules.userID(of: TokenObject(jws.payload, part: .payload), now: now)
    }
}

extension TokenKey {
    /// The values of `alg` that the key serves, each with its verification (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
    fileprivate func algorithms() async throws(TokenKeyError) -> [(name: String, algorithm: any JWTAlgorithm)] {
        switch material {
        case .hmac(let key):
            return [("HS256", try await algorithm { await $0.add(hmac: key, digestAlgorithm: .sha256) })]
        case .rsa(let key):
            return [
                ("RS256", try await algorithm { await $0.add(rsa: key, digestAlgorithm: .sha256) }),
                ("PS256", try await algorithm { await $0.add(pss: key, digestAlgorithm: .sha256) }),
            ]
        case .p256(let key):
            return [("ES256", try await algorithm { await $0.add(ecdsa: key) })]
        case .p384(let key):
            return [("ES384", try await algorithm { await $0.add(ecdsa: key) })]
        case .ed25519(let key):
            let algorithm = try await algorithm { await $0.add(eddsa: key) }
            return [("EdDSA", algorithm), ("Ed25519", algorithm)]
        }
    }

    /// A collection is jwt-kit's only public way from a key to its algorithm; each is given one key, so that none can
    /// stand in for another.
    private func algorithm(
        adding: (JWTKeyCollection) async -> Void
    ) async throws(TokenKeyError) -> any JWTAlgorithm {
        let collection = JWTKeyCollection()
        await adding(collection)
        do {
            return try await collection.getKey()
        } catch {
            throw .damagedKey
        }
    }
}
