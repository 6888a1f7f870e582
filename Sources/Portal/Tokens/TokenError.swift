public import MirrorStore

/// Why a token was refused, for the log.
///
/// The client is told `invalid_token` and no more. No case carries anything of the token itself; names of claims are the configured ones.
public enum TokenError: Error, Sendable, Hashable {
    /// One of the three parts of a compact JWS.
    public enum Part: String, Sendable, Hashable {
        /// The JOSE header.
        case header
        /// The claims.
        case payload
        /// The signature.
        case signature
    }

    /// The token is longer than ``TokenVerifier/maximumLength``.
    case tooLong
    /// The token is not three parts separated by dots.
    case notThreeParts
    /// A part is empty or not canonical base64url without padding.
    case notBase64URL(Part)
    /// A part is not one strict JSON object: among others, a name occurs twice or it is nested too deeply.
    case notJSONObject(Part)
    /// The header has no `alg`, or one that is not a string.
    case algorithmMissing
    /// The header's `kid` is not a string.
    case keyIDInvalid
    /// The issuer's key set has no key of the header's `kid`.
    case keyUnknown
    /// The token may be of a key of the issuer's key set, which has never been loaded.
    case keySetMissing
    /// No configured key is for the token's `alg`.
    case algorithmNotAccepted
    /// The header has `crit`: it asks for an extension that the verifier must understand (RFC 7515 §4.1.11).
    case criticalHeader
    /// No key for the token's `alg` made the signature.
    case signatureMismatch
    /// A claim that must be there is not.
    case claimMissing(String)
    /// A claim is of the wrong type or out of range.
    case claimInvalid(String)
    /// `exp` is more than the leeway ago.
    case expired
    /// `nbf` is more than the leeway ahead.
    case notYetValid
    /// `iat` is more than the leeway ahead.
    case issuedInFuture
    /// `iss` is not the configured issuer.
    case issuerMismatch
    /// `aud` does not name the configured audience.
    case audienceMismatch
    /// A required claim has another value.
    case requiredClaimMismatch(String)
    /// The user claim is not usable as a user id.
    case userID(UserID.Fault)
}

extension TokenError: CustomStringConvertible {
    /// The cause in words, safe to log.
    public var description: String {
        switch self {
        case .tooLong: "token is longer than \(TokenVerifier.maximumLength) bytes"
        case .notThreeParts: "token does not have three parts"
        case .notBase64URL(let part): "\(part.rawValue) is empty or not canonical base64url"
        case .notJSONObject(let part): "\(part.rawValue) is not a JSON object with unique names"
        case .algorithmMissing: "header has no alg"
        case .keyIDInvalid: "kid of the header is not a string"
        case .keyUnknown: "no key of the issuer's key set has the kid of the header"
        case .keySetMissing: "the issuer's key set has never been loaded"
        case .algorithmNotAccepted: "no key is configured for the alg of the header"
        case .criticalHeader: "header has crit, and no extension is supported"
        case .signatureMismatch: "signature was not made by a configured key"
        case .claimMissing(let name): "claim \(name) is missing"
        case .claimInvalid(let name): "claim \(name) has the wrong type or is out of range"
        case .expired: "token has expired"
        case .notYetValid: "nbf is in the future; compare the clocks of the issuer and this machine"
        case .issuedInFuture: "iat is in the future; compare the clocks of the issuer and this machine"
        case .issuerMismatch: "iss is not the configured issuer"
        case .audienceMismatch: "aud does not name the configured audience"
        case .requiredClaimMismatch(let name): "required claim \(name) has another value"
        case .userID(.blank): "user id is blank"
        case .userID(.tooLong): "user id is longer than \(UserID.maximumLength) bytes"
        case .userID(.controlCharacter): "user id contains a control character"
        }
    }
}
