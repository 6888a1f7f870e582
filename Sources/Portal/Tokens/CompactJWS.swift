internal import Stripe

/// A token in the compact serialization of RFC 7515 §3.1, taken apart but not verified.
struct CompactJWS {
    /// The `alg` of the header.
    let algorithm: String
    /// The bytes of the header's `kid`.
    let keyID: [UInt8]?
    /// The ASCII bytes the signature is made over.
    let signingInput: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]

    /// Takes a token apart.
    ///
    /// Of the header only `alg`, `kid` and `crit` are read. `jku`, `x5u`, `jwk` and `x5c` never choose a key (RFC 8725 §3.10).
    init(_ token: some StringProtocol) throws(TokenError) {
        let bytes = Array(token.utf8)
        guard bytes.count <= TokenVerifier.maximumLength else { throw .tooLong }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .notThreeParts }

        let header = try Self.decode(parts[0], .header)
        payload = try Self.decode(parts[1], .payload)
        signature = try Self.decode(parts[2], .signature)
        signingInput = Array(bytes[..<parts[1].endIndex])
        let object = try TokenObject(header, part: .header)
        guard object["crit"] == nil else { throw .criticalHeader }
        guard let algorithm = object["alg"]?.string else { throw .algorithmMissing }
        self.algorithm = algorithm
        keyID = try Self.keyID(object)
    }

    private static func decode(_ text: ArraySlice<UInt8>, _ part: TokenError.Part) throws(TokenError) -> [UInt8] {
        guard !text.isEmpty, let bytes = Base64URL.decode(text) else { throw .notBase64URL(part) }
        return bytes
    }

    private static func keyID(_ header: TokenObject) throws(TokenError) -> [UInt8]? {
        guard let value = header["kid"] else { return nil }
        guard let id = value.string else { throw .keyIDInvalid }
        return Array(id.utf8)
    }
}
