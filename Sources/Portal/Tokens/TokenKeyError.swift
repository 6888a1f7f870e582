/// Why a key cannot verify tokens; the description tells the operator what to do and holds nothing of the key.
public enum TokenKeyError: Error, Sendable, Hashable {
    /// No key was given.
    case noKey
    /// The HS256 secret is shorter than ``TokenKey/minimumSecretLength``, or blank.
    case secretTooShort
    /// The HS256 secret is a PEM text.
    case secretIsPEM
    /// The text holds no complete PEM block.
    case notPEM
    /// The PEM block is a private key.
    case privateKey
    /// The PEM block is a certificate.
    case certificate
    /// The PEM block is an RSA public key in the older PKCS #1 form.
    case pkcs1PublicKey
    /// The RSA modulus has fewer bits than ``TokenKey/minimumRSABits``.
    case rsaTooShort(bits: Int)
    /// The RSA exponent is even, or 1.
    case rsaExponent
    /// The Ed25519 key is a point of small order.
    case smallOrder
    /// The key is of a kind that no accepted algorithm uses.
    case unsupportedKey
    /// The PEM block cannot be read as the key it says it is.
    case damagedKey
}

extension TokenKeyError: CustomStringConvertible {
    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .noKey:
            "no key to verify tokens with: set an HS256 secret, a public key or the issuer's key set"
        case .secretTooShort:
            """
            the HS256 secret is too short: it needs at least \(TokenKey.minimumSecretLength) bytes; \
            make one with 'openssl rand -base64 48' and give it to the issuer of the tokens too
            """
        case .secretIsPEM:
            "the HS256 secret is a PEM text: give the public key as PEM public key, not as secret"
        case .notPEM:
            "the public key is not a PEM text: it needs a complete block from '-----BEGIN PUBLIC KEY-----' to its END line"
        case .privateKey:
            """
            the PEM text holds a private key, which must stay with the issuer of the tokens: \
            extract the public key with 'openssl pkey -in key.pem -pubout'
            """
        case .certificate:
            "the PEM text is a certificate: extract its public key with 'openssl x509 -in cert.pem -noout -pubkey'"
        case .pkcs1PublicKey:
            """
            the PEM text is an 'RSA PUBLIC KEY': \
            convert it to a 'PUBLIC KEY' with 'openssl rsa -RSAPublicKey_in -in key.pem -pubout'
            """
        case .rsaTooShort(let bits):
            "the RSA key has \(bits) bits: tokens need a key pair of at least \(TokenKey.minimumRSABits) bits"
        case .rsaExponent:
            "the RSA key has an exponent that anybody can forge signatures for: make a new key pair, with the usual 65537"
        case .smallOrder:
            "the Ed25519 key is one that anybody can forge signatures for, such as only zeros: make a new key pair"
        case .unsupportedKey:
            "the PEM text holds a key of an unsupported kind: use RSA, P-256, P-384 or Ed25519"
        case .damagedKey:
            "the public key cannot be read: its PEM block is damaged; export it again from the issuer of the tokens"
        }
    }
}
