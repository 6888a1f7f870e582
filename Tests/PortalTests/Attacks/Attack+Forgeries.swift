import Foundation
import JWTKit
import Portal

extension Attack {
    /// The attacker makes up the signature, or puts parts of good tokens together.
    static var forgeries: [Attack] { constants + curves + edwards + splices }

    private static func forged(
        _ name: String,
        _ algorithm: String,
        _ error: TokenError = .signatureMismatch,
        _ change: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) -> Attack {
        Attack("\(algorithm): \(name)", error) {
            let signer = try await TestSigner.accepted(algorithm)
            let input = Parts.unsigned(#"{"alg":"\#(algorithm)"}"#)
            let signature = try change(signer.algorithm.sign(Array(input.utf8)))
            return "\(input).\(base64URL(signature))"
        }
    }

    private static var constants: [Attack] {
        ["HS256", "RS256", "ES256", "ES384", "EdDSA", "Ed25519"].flatMap { name in
            [
                forged("all zero", name) { $0.map { _ in 0 } },
                forged("all ones", name) { $0.map { _ in 0xFF } },
                forged("the number one", name) { $0.dropLast().map { _ in 0 } + [1] },
                forged("a leading zero", name) { [0] + $0 },
                forged("a byte more", name) { $0 + [0] },
                forged("a byte less", name) { Array($0.dropLast()) },
                forged("twice", name) { $0 + $0 },
                forged("backwards", name) { $0.reversed() },
                forged("nothing", name, .notBase64URL(.signature)) { _ in [] },
            ]
        }
    }

    /// The order of each curve's group (SEC 2 §2.4.2 and §2.5.1), the highest byte first.
    private static let orders: [(algorithm: String, order: [UInt8])] = [
        ("ES256", bytes("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")),
        (
            "ES384",
            bytes("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973")
        ),
    ]

    /// CVE-2022-21449 ("psychic signatures") and its relatives: r and s lie within 1 and the order less one.
    private static var curves: [Attack] {
        orders.flatMap { name, order in
            let count = order.count
            let (zero, one) = ([UInt8](repeating: 0, count: count), [UInt8](repeating: 0, count: count - 1) + [1])
            return [
                forged("r and s are the order", name) { _ in order + order },
                forged("r is zero", name) { zero + $0.suffix(count) },
                forged("s is zero", name) { $0.prefix(count) + zero },
                forged("r is zero, s is one", name) { _ in zero + one },
                forged("r is one, s is zero", name) { _ in one + zero },
                forged("r and s are one", name) { _ in one + one },
                forged("r is the order", name) { order + $0.suffix(count) },
                forged("s is the order", name) { $0.prefix(count) + order },
                forged("r and s exchanged", name) { Array($0.suffix(count) + $0.prefix(count)) },
                forged("DER in place of r and s", name) { der($0.prefix(count), $0.suffix(count)) },
                forged("DER of two zeros", name) { _ in [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00] },
            ]
        }
    }

    /// RFC 8032 §5.1.7: S lies below the order, or there are several signatures of one message.
    private static var edwards: [Attack] {
        let order = bytes("EDD3F55C1A631258D69CF7A2DEF9DE1400000000000000000000000000000010")
        let identity = [1] + [UInt8](repeating: 0, count: 31)
        return [
            forged("S plus the order", "EdDSA") { signature in
                var carry = 0
                let sum = zip(signature.suffix(32), order).map { left, right in
                    carry += Int(left) + Int(right)
                    defer { carry >>= 8 }
                    return UInt8(carry & 0xFF)
                }
                return signature.prefix(32) + sum
            },
            forged("R is the identity, S is zero", "EdDSA") { _ in identity + [UInt8](repeating: 0, count: 32) },
            forged("R is the identity", "EdDSA") { identity + $0.suffix(32) },
            forged("S is the order", "EdDSA") { $0.prefix(32) + order },
        ]
    }

    private static var splices: [Attack] {
        ["HS256", "RS256", "ES256", "ES384", "EdDSA"].flatMap { name in
            [
                Attack("\(name): another user in the payload", .signatureMismatch) {
                    var parts = try await Parts(TestSigner.accepted(name).good())
                    parts.payload = base64URL(claims.replacing("user-1", with: "user-2").utf8)
                    return parts.token
                },
                Attack("\(name): a later exp in the payload", .signatureMismatch) {
                    var parts = try await Parts(TestSigner.accepted(name).good())
                    parts.payload = base64URL(claims.replacing("1800000600", with: "1900000000").utf8)
                    return parts.token
                },
                Attack("\(name): another header", .signatureMismatch) {
                    var parts = try await Parts(TestSigner.accepted(name).good())
                    parts.header = base64URL(#"{"alg":"\#(name)"}"#.utf8)
                    return parts.token
                },
                Attack("\(name): the signature of another token", .signatureMismatch) {
                    let signer = try await TestSigner.accepted(name)
                    var parts = Parts(try signer.good())
                    parts.signature = Parts(try signer.token()).signature
                    return parts.token
                },
            ]
        }
    }

    private static func der(_ r: ArraySlice<UInt8>, _ s: ArraySlice<UInt8>) -> [UInt8] {
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            let digits = (bytes.first ?? 0) >= 0x80 ? [0] + bytes : Array(bytes)
            return [0x02, UInt8(digits.count)] + digits
        }
        let body = integer(r) + integer(s)
        return [0x30, UInt8(body.count)] + body
    }

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        stride(from: 0, to: hexadecimal.count, by: 2).map { offset in
            UInt8(hexadecimal.dropFirst(offset).prefix(2), radix: 16)!
        }
    }
}
