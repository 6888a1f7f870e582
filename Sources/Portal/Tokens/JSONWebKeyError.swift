/// Why a key of a JWK set cannot verify tokens; the description tells what to do and holds nothing of the key.
public enum JSONWebKeyError: Error, Sendable, Hashable {
    /// It is not an object.
    case notObject
    /// A member is missing, of the wrong type or length, or not canonical base64url.
    case member(String)
    /// It is a symmetric key (`oct`).
    case secret
    /// It is a private key.
    case privateKey
    /// The RSA modulus has fewer bits than ``TokenKey/minimumRSABits``.
    case rsaTooShort(bits: Int)
    /// The RSA exponent is even, or 1.
    case rsaExponent
    /// It is an Ed25519 key, and a point of small order.
    case smallOrder
    /// Its `alg` does not fit its kind.
    case algorithmMismatch
    /// Its members make up no key: among others, a point is not on its curve.
    case damaged
}

extension JSONWebKeyError: CustomStringConvertible {
    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .notObject:
            "it is no JSON object; take the set from the issuer of the tokens again"
        case .member(let name):
            "its member \(name) is missing or malformed; take the set from the issuer of the tokens again"
        case .secret:
            "it is a symmetric key, which must not stand in a key set; an HS256 secret has a setting of its own"
        case .privateKey:
            "it is a private key, which must stay with the issuer of the tokens; leave its private members out"
        case .rsaTooShort(let bits):
            "it has \(bits) bits; tokens need an RSA key pair of at least \(TokenKey.minimumRSABits) bits"
        case .rsaExponent:
            "its exponent is one that anybody can forge signatures for; make a new key pair, with the usual 65537"
        case .smallOrder:
            "it is one that anybody can forge signatures for, such as only zeros; make a new key pair"
        case .algorithmMismatch:
            "its alg is for another kind of key; correct it, or leave it out"
        case .damaged:
            "its members make up no key of its kind; take the set from the issuer of the tokens again"
        }
    }
}
