internal import JWTKit

/// A key that tokens are verified with: an HS256 secret, or a public key.
///
/// Its type alone decides which values of `alg` it serves (RFC 8725 §3.1), so a token cannot choose how a key is used.
public struct TokenKey: Sendable {
    /// The shortest HS256 secret in bytes: as long as the hash (RFC 7518 §3.2).
    public static let minimumSecretLength = 32
    /// The shortest RSA modulus in bits (RFC 7518 §3.3).
    public static let minimumRSABits = 2048

    enum Material: Sendable {
        case hmac(HMACKey)
        case rsa(Insecure.RSA.PublicKey)
        case p256(ES256PublicKey)
        case p384(ES384PublicKey)
        case ed25519(EdDSA.PublicKey)
    }

    let material: Material
    /// The `kid` that the issuer's key set gives it.
    let id: String?
    /// The one `alg` that the issuer's key set restricts it to.
    let boundAlgorithm: String?

    /// An HS256 secret: the bytes of its UTF-8, not decoded any further.
    ///
    /// - Throws: ``TokenKeyError`` if it is too short, blank, or a PEM text.
    public init(secret: String) throws(TokenKeyError) {
        // A public key is no secret: whoever knows it could sign tokens.
        guard !secret.contains("-----BEGIN ") else { throw .secretIsPEM }
        guard secret.utf8.count >= Self.minimumSecretLength, !secret.allSatisfy(\.isWhitespace) else {
            throw .secretTooShort
        }
        material = .hmac(HMACKey(from: secret))
        id = nil
        boundAlgorithm = nil
    }

    /// All public keys of a PEM text: RSA from 2048 bits, P-256, P-384 or Ed25519.
    ///
    /// - Throws: ``TokenKeyError`` if the text holds no key, or one that is private, weak, damaged or of another kind.
    public static func publicKeys(pem: String) throws(TokenKeyError) -> [TokenKey] {
        guard let blocks = PEMBlock.blocks(in: pem), !blocks.isEmpty else { throw .notPEM }
        // Said first: the block of a curve's parameters may stand before the private key.
        guard !blocks.contains(where: { $0.label.hasSuffix("PRIVATE KEY") }) else { throw .privateKey }
        var keys: [TokenKey] = []
        for block in blocks {
            keys.append(try TokenKey(block))
        }
        return keys
    }

    private init(_ block: PEMBlock) throws(TokenKeyError) {
        switch block.label {
        case "PUBLIC KEY": break
        case "RSA PUBLIC KEY": throw .pkcs1PublicKey
        case "CERTIFICATE": throw .certificate
        default: throw .unsupportedKey
        }
        guard let contents = block.contents, let info = SubjectPublicKeyInfo(der: contents) else {
            throw .damagedKey
        }
        try self.init(info)
    }

    /// A public key.
    ///
    /// - Throws: ``TokenKeyError`` if it is weak, damaged or of another kind.
    init(_ info: SubjectPublicKeyInfo, id: String? = nil, boundAlgorithm: String? = nil) throws(TokenKeyError) {
        guard let kind = info.kind else { throw .unsupportedKey }
        if case .rsa(let modulusBits, let isExponentUsable) = kind {
            guard modulusBits >= Self.minimumRSABits else { throw .rsaTooShort(bits: modulusBits) }
            guard isExponentUsable else { throw .rsaExponent }
        }
        if case .ed25519(isSmallOrder: true) = kind { throw .smallOrder }
        do {
            material =
                switch kind {
                case .rsa: .rsa(try Insecure.RSA.PublicKey(pem: info.pem))
                case .p256: .p256(try ES256PublicKey(pem: info.pem))
                case .p384: .p384(try ES384PublicKey(pem: info.pem))
                case .ed25519: .ed25519(try EdDSA.PublicKey(pem: info.pem))
                }
        } catch {
            throw .damagedKey
        }
        self.id = id
        self.boundAlgorithm = boundAlgorithm
    }
}
