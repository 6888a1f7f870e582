internal import Foundation

/// A public key as its `PUBLIC KEY` PEM block holds it, read only as far as it takes to tell what kind of key it is.
///
/// Sources: RFC 5280 §4.1.2.7 (structure), RFC 8017 §A.1 (RSA), RFC 5480 §2.1.1 (curves), RFC 8410 §3 (Ed25519).
struct SubjectPublicKeyInfo {
    enum Kind: Hashable {
        case rsa(modulusBits: Int)
        case p256
        case p384
        case ed25519
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
            guard let modulusBits = Self.modulusBits(publicKey: key.dropFirst()) else { return nil }
            kind = .rsa(modulusBits: modulusBits)
        case Self.p256: kind = .p256
        case Self.p384: kind = .p384
        case Self.ed25519: kind = .ed25519
        default: kind = nil
        }
    }

    /// The PEM block, spelled as RFC 7468 §2 wants it however the operator's file was.
    var pem: String {
        let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN PUBLIC KEY-----\n\(body)\n-----END PUBLIC KEY-----\n"
    }

    /// `1.2.840.113549.1.1.1` and NULL.
    private static let rsaEncryption: [UInt8] = [
        0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
    ]
    /// `1.2.840.10045.2.1` on the curve `1.2.840.10045.3.1.7`.
    private static let p256: [UInt8] = [
        0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01,
        0x07,
    ]
    /// `1.2.840.10045.2.1` on the curve `1.3.132.0.34`.
    private static let p384: [UInt8] = [
        0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22,
    ]
    /// `1.3.101.112`.
    private static let ed25519: [UInt8] = [0x06, 0x03, 0x2B, 0x65, 0x70]

    private static func modulusBits(publicKey: ArraySlice<UInt8>) -> Int? {
        var outer = DERReader(bytes: publicKey)
        guard let key = outer.read(.sequence) else { return nil }
        var numbers = DERReader(bytes: key)
        guard let modulus = numbers.read(.integer)?.drop(while: { $0 == 0 }), let first = modulus.first else {
            return nil
        }
        return modulus.count * 8 - first.leadingZeroBitCount
    }
}

/// Reads DER elements one after the other (ITU-T X.690 §8.1).
private struct DERReader {
    enum Tag: UInt8 {
        case integer = 0x02
        case bitString = 0x03
        case sequence = 0x30
    }

    private(set) var bytes: ArraySlice<UInt8>

    init(bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { bytes.isEmpty }

    /// The contents of the next element if it has this tag.
    mutating func read(_ tag: Tag) -> ArraySlice<UInt8>? {
        guard bytes.popFirst() == tag.rawValue, let first = bytes.popFirst() else { return nil }
        var length = Int(first)
        if first >= 0x80 {
            let lengthBytes = bytes.prefix(Int(first & 0x7F))
            guard 1...4 ~= lengthBytes.count, lengthBytes.count == Int(first & 0x7F) else { return nil }
            bytes = bytes.dropFirst(lengthBytes.count)
            length = lengthBytes.reduce(0) { $0 << 8 | Int($1) }
        }
        guard length <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst(length) }
        return bytes.prefix(length)
    }
}
