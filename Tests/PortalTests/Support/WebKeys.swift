import Foundation
import JWTKit

/// The public halves of ``TestKeys`` as JWKs: members by name, for a test to change.
enum WebKeys {
    static var rsa: [String: String] {
        let (modulus, exponent) = try! TestKeys.rsa.publicKey.getKeyPrimitives()
        return ["kty": "RSA", "n": base64URL(modulus), "e": base64URL(exponent)]
    }

    static var p256: [String: String] { point("P-256", TestKeys.p256.publicKey.pemRepresentation, 32) }
    static var p384: [String: String] { point("P-384", TestKeys.p384.publicKey.pemRepresentation, 48) }
    static var ed25519: [String: String] {
        ["kty": "OKP", "crv": "Ed25519", "x": base64URL(der(TestKeys.ed25519.publicKey.pemRepresentation).suffix(32))]
    }

    static var all: [[String: String]] { [rsa, p256, p384, ed25519] }

    /// A public key's DER ends with its coordinates.
    private static func point(_ curve: String, _ pem: String, _ count: Int) -> [String: String] {
        let coordinates = der(pem).suffix(2 * count)
        return [
            "kty": "EC", "crv": curve, "x": base64URL(coordinates.prefix(count)),
            "y": base64URL(coordinates.suffix(count)),
        ]
    }

    static func der(_ pem: String) -> Data {
        Data(base64Encoded: pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined())!
    }

    /// A set of keys, as text.
    static func set(_ keys: [[String: String]]) -> String {
        #"{"keys":[\#(keys.map(text).joined(separator: ","))]}"#
    }

    static func text(_ key: [String: String]) -> String {
        let members = key.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value)""# }
        return "{\(members.joined(separator: ","))}"
    }
}
