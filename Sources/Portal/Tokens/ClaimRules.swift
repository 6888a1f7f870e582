public import Foundation
internal import MirrorStore
internal import Stripe

/// What the claims of a token must say (RFC 7519 §4.1).
///
/// `exp` is always required; `nbf` and `iat` are checked where present. A token issued in the future is refused like
/// one that is not valid yet: the clocks disagree, and then `exp` cannot be trusted either.
public struct ClaimRules: Sendable, Hashable {
    /// How many seconds the clocks of the issuer and this machine may differ.
    public static let leeway: TimeInterval = 30

    /// The only accepted `iss`, or nil to accept any.
    public var issuer: String?
    /// What `aud` must be or contain, or nil to accept any.
    public var audience: String?
    /// The top-level claim that holds the user's id.
    public var userClaim: String
    /// Further claims and their only accepted values.
    public var requiredClaims: [RequiredClaim]

    /// Rules for the tokens of one issuer.
    public init(
        issuer: String? = nil,
        audience: String? = nil,
        userClaim: String = "sub",
        requiredClaims: [RequiredClaim] = []
    ) {
        self.issuer = issuer
        self.audience = audience
        self.userClaim = userClaim
        self.requiredClaims = requiredClaims
    }

    /// Who says what the claims say.
    enum Origin {
        /// A token, which must name its expiration, and the issuer and audience that are configured.
        case token
        /// The answer of an introspection endpoint, which may leave them out: it has just said that the session is
        /// active (RFC 7662 §2.2).
        case introspection
    }

    /// The user that claims name, if the claims satisfy the rules at `now`.
    func userID(of claims: TokenObject, from origin: Origin = .token, now: Date) throws(TokenError) -> UserID {
        let isOptional = origin == .introspection
        if !isOptional || claims["exp"] != nil { try checkExpiration(of: claims, now: now.timeIntervalSince1970) }
        try checkBeginning(of: claims, now: now.timeIntervalSince1970)
        if !isOptional || claims["iss"] != nil { try checkIssuer(of: claims) }
        if !isOptional || claims["aud"] != nil { try checkAudience(of: claims) }
        for required in requiredClaims {
            guard let claim = claims[required.name] else { throw .claimMissing(required.name) }
            guard required.matches(claim) else { throw .requiredClaimMismatch(required.name) }
        }
        return try user(of: claims)
    }

    private func checkExpiration(of claims: TokenObject, now: TimeInterval) throws(TokenError) {
        guard let expiration = try numericDate("exp", of: claims) else { throw .claimMissing("exp") }
        guard now <= expiration + Self.leeway else { throw .expired }
    }

    private func checkBeginning(of claims: TokenObject, now: TimeInterval) throws(TokenError) {
        if let notBefore = try numericDate("nbf", of: claims), now < notBefore - Self.leeway { throw .notYetValid }
        if let issuedAt = try numericDate("iat", of: claims), now < issuedAt - Self.leeway { throw .issuedInFuture }
    }

    private func checkIssuer(of claims: TokenObject) throws(TokenError) {
        guard let issuer else { return }
        guard let claim = claims["iss"] else { throw .claimMissing("iss") }
        guard let text = claim.string else { throw .claimInvalid("iss") }
        guard text.utf8.elementsEqual(issuer.utf8) else { throw .issuerMismatch }
    }

    private func checkAudience(of claims: TokenObject) throws(TokenError) {
        guard let audience else { return }
        guard let claim = claims["aud"] else { throw .claimMissing("aud") }
        var found = false
        for value in claim.elements ?? [claim] {
            guard let text = value.string else { throw .claimInvalid("aud") }
            found = found || text.utf8.elementsEqual(audience.utf8)
        }
        guard found else { throw .audienceMismatch }
    }

    private func user(of claims: TokenObject) throws(TokenError) -> UserID {
        guard let claim = claims[userClaim] else { throw .claimMissing(userClaim) }
        guard let text = claim.string ?? claim.numberText.flatMap({ Self.isInteger($0) ? $0 : nil }) else {
            throw .claimInvalid(userClaim)
        }
        do {
            return try UserID(text)
        } catch {
            throw .userID(error)
        }
    }

    /// Whether a number is spelled as an integer; `-0` is not, because it is a second spelling of `0`.
    private static func isInteger(_ spelling: String) -> Bool {
        spelling != "-0" && !spelling.utf8.contains { ".eE".utf8.contains($0) }
    }

    /// A NumericDate (RFC 7519 §2) in seconds since 1970, up to the year 9999: beyond lie milliseconds by mistake.
    func numericDate(_ name: String, of claims: TokenObject) throws(TokenError) -> TimeInterval? {
        guard let claim = claims[name] else { return nil }
        guard let spelling = claim.numberText, let seconds = Double(spelling), 0...253_402_300_799 ~= seconds else {
            throw .claimInvalid(name)
        }
        return seconds
    }
}
