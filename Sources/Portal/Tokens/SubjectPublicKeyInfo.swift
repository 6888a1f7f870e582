internal import Foundation

/// A public key as its `PUBLIC KEY` PEM block holds it, read only as far as it takes to tell what kind of key it is.
///
/// Sources: RFC 5280 §4.1.2.7 (structure), RFC 8017 §A.1 (RSA), RFC 5480 §2.1.1 (curves), RFC 8410 §3 (Ed25519).
struct SubjectPublicKeyInfo {
    enum Kind: Hashable {
        /// An exponent is usable from 3 on if it is odd (RFC 8017 §3.1).
        case rsa(modulusBits: Int, isExponentUsable: Bool)
        case p256
        case p384
        case ed25519(isSmallOrder: Bool)
    }

    let der: [UInt8]
    /// Nil where it is a kind that no accepted algorithm uses.
    let kind: Kind?

    /// Reads the structure, or returns nil where it is not one.
    init?(der: [UInt8]) {
        var outer = DERReader(bytes: der[...])
        guard let info = outer.read(.sequence), outer.isAtEnd else { return nil }
        var fields = DERReader(bytes: info)
        guard let algorithm = fields.read(.sequence), let key = fields.read(.bitString), fields.isAtEnd else {
            return nil
        }
        self.der = der
        // The whole algorithm identifier is compared, so parameters that do not belong there are refused too.
        switch Array(algorithm) {
        case Self.rsaEncryption:
            guard let kind = Self.rsa(publicKey: key.dropFirst()) else { return nil }
            self.kind = kind
        case Self.p256: kind = .p256
        case Self.p384: kind = .p384
        case Self.ed25519: kind = .ed25519(isSmallOrder: Ed25519PublicKey.isSmallOrder(key.dropFirst()))
        default: kind = nil
        }
    }

    /// The PEM block, spelled as RFC 7468 §2 wants it however the operator's file was.
    var pem: String {
        let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN PUBLIC KEY-----\n\(body)\n-----END PUBLIC KEY-----\n"
    }

    /// `1.2.840.113549.1.1.1` and NULL.
    static let rsaEncryption: [UInt8] = [
        0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
    ]
    /// `1.2.840.10045.2.1` on the curve `1.2.840.10045.3.1.7`.
    static let p256: [UInt8] = [
        0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01,
        0x07,
    ]
    /// `1.2.840.10045.2.1` on the curve `1.3.132.0.34`.
    static let p384: [UInt8] = [
        0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22,
    ]
    /// `1.3.101.112`.
    static let ed25519: [UInt8] = [0x06, 0x03, 0x2B, 0x65, 0x70]

    private static func rsa(publicKey: ArraySlice<UInt8>) -> Kind? {
        var outer = DERReader(bytes: publicKey)
        guard let key = outer.read(.sequence) else { return nil }
        var numbers = DERReader(bytes: key)
        guard let modulus = numbers.read(.integer)?.drop(while: { $0 == 0 }), let first = modulus.first,
            let exponent = numbers.read(.integer)?.drop(while: { $0 == 0 })
        else { return nil }
        let isOdd = (exponent.last ?? 0) & 1 == 1
        return .rsa(
            modulusBits: modulus.count * 8 - first.leadingZeroBitCount,
            isExponentUsable: isOdd && !exponent.elementsEqual([1])
        )
    }
}
