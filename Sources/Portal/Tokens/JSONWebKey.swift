internal import Stripe

/// Reads one key of a JWK set (RFC 7517; RFC 7518 §6 and RFC 8037 §2 for what each kind holds).
enum JSONWebKey {
    /// The values of `alg` that a key of a set can serve.
    ///
    /// HS256 is none of them: a set is published.
    static let algorithms: Set<String> = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]

    /// What only a private key has (RFC 7518 §6.2.2, §6.3.2).
    private static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth"]

    /// The key; nil where it is of an unsupported kind, or not for signatures.
    ///
    /// - Throws: ``JSONWebKeyError``.
    static func tokenKey(_ json: JSON) throws(JSONWebKeyError) -> TokenKey? {
        guard json.isObject else { throw .notObject }
        guard let kind = try string("kty", of: json) else { throw .member("kty") }
        guard kind != "oct" else { throw .secret }
        guard ["RSA", "EC", "OKP"].contains(kind) else { return nil }
        guard !privateMembers.contains(where: { json[$0] != nil }) else { throw .privateKey }
        let algorithm = try string("alg", of: json)
        guard try isForSignatures(json), algorithm.map(algorithms.contains) ?? true else { return nil }
        guard let info = try publicKey(kind, json) else { return nil }
        let key: TokenKey
        do {
            key = try TokenKey(info, id: string("kid", of: json), boundAlgorithm: algorithm)
        } catch let error as JSONWebKeyError {
            throw error
        } catch TokenKeyError.rsaTooShort(let bits) {
            throw .rsaTooShort(bits: bits)
        } catch TokenKeyError.rsaExponent {
            throw .rsaExponent
        } catch TokenKeyError.smallOrder {
            throw .smallOrder
        } catch {
            throw .damaged
        }
        guard !key.algorithmNames.isEmpty else { throw .algorithmMismatch }
        return key
    }

    /// RFC 7517 §4.2 and §4.3.
    private static func isForSignatures(_ json: JSON) throws(JSONWebKeyError) -> Bool {
        if let use = try string("use", of: json), use != "sig" { return false }
        guard let operations = json["key_ops"] else { return true }
        guard let operations = operations.elements else { throw .member("key_ops") }
        return operations.contains { $0.string == "verify" }
    }

    private static func publicKey(_ kind: String, _ json: JSON) throws(JSONWebKeyError) -> SubjectPublicKeyInfo? {
        if kind == "RSA" {
            return SubjectPublicKeyInfo(modulus: try bytes("n", of: json), exponent: try bytes("e", of: json))
        }
        guard let curve = try string("crv", of: json) else { throw .member("crv") }
        switch (kind, curve) {
        case ("EC", "P-256"):
            return SubjectPublicKeyInfo(p256: try bytes("x", 32, of: json), try bytes("y", 32, of: json))
        case ("EC", "P-384"):
            return SubjectPublicKeyInfo(p384: try bytes("x", 48, of: json), try bytes("y", 48, of: json))
        case ("OKP", "Ed25519"):
            return SubjectPublicKeyInfo(ed25519: try bytes("x", 32, of: json))
        default:
            return nil
        }
    }

    private static func string(_ name: String, of json: JSON) throws(JSONWebKeyError) -> String? {
        guard let value = json[name] else { return nil }
        guard let text = value.string else { throw .member(name) }
        return text
    }

    private static func bytes(_ name: String, _ count: Int? = nil, of json: JSON) throws(JSONWebKeyError) -> [UInt8] {
        guard let text = try string(name, of: json), let bytes = Base64URL.decode(text.utf8), !bytes.isEmpty,
            count == nil || bytes.count == count
        else { throw .member(name) }
        return bytes
    }
}

extension SubjectPublicKeyInfo {
    init?(modulus: [UInt8], exponent: [UInt8]) {
        let numbers = DERWriter.unsigned(modulus) + DERWriter.unsigned(exponent)
        self.init(Self.rsaEncryption, DERWriter.element(.sequence, numbers))
    }

    init?(p256 x: [UInt8], _ y: [UInt8]) {
        self.init(Self.p256, Self.uncompressed + x + y)
    }

    init?(p384 x: [UInt8], _ y: [UInt8]) {
        self.init(Self.p384, Self.uncompressed + x + y)
    }

    init?(ed25519 x: [UInt8]) {
        self.init(Self.ed25519, x)
    }

    /// What stands before both coordinates of a point (RFC 5480 §2.2).
    private static let uncompressed: [UInt8] = [0x04]

    private init?(_ algorithm: [UInt8], _ key: [UInt8]) {
        let fields = DERWriter.element(.sequence, algorithm) + DERWriter.element(.bitString, [0] + key)
        self.init(der: DERWriter.element(.sequence, fields))
    }
}
