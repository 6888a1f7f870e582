import Foundation
import MirrorStore
import Testing

@testable import Portal

/// Every attack on a token that we know of, in one table; what is about HTTP stands in `test_attacks.py`.
@Suite struct AttackTableTests {
    private let verifier: TokenVerifier

    init() async throws {
        verifier = try await Attack.verifier()
    }

    @Test(arguments: Attack.all)
    func isRefused(_ attack: Attack) async throws {
        let token = try await attack.token()
        #expect(throws: attack.error) { try verifier.verify(token, now: Claims.now) }
    }

    /// Else a table of refusals would prove nothing.
    @Test(arguments: ["HS256", "RS256", "ES256", "ES384", "EdDSA", "Ed25519"])
    func aTokenThatIsLeftAlonePasses(_ name: String) async throws {
        let token = try await TestSigner.accepted(name).good()
        #expect(try verifier.verify(token, now: Claims.now) == UserID("user-1"))
    }

    @Test func eachAttackIsAnotherOne() {
        let names = Attack.all.map(\.name)
        #expect(Set(names).count == names.count)
        print("attack table: \(names.count) tokens refused by the verifier")
    }

    @Test(arguments: ["HS256", "RS256", "ES256", "ES384", "EdDSA"])
    func anyFlippedBitIsRefused(_ name: String) async throws {
        let token = try await TestSigner.accepted(name).good()
        var bytes = Array(token.utf8)
        for index in bytes.indices {
            for bit in 0..<8 {
                bytes[index] ^= 1 << bit
                if let passed = try? verifier.verify(String(decoding: bytes, as: UTF8.self), now: Claims.now) {
                    Issue.record("bit \(bit) of byte \(index): \(passed)")
                }
                bytes[index] ^= 1 << bit
            }
        }
        #expect(String(decoding: bytes, as: UTF8.self) == token)
    }

    /// As many bits of what the text spells.
    @Test(arguments: ["HS256", "RS256", "ES256", "ES384", "EdDSA"])
    func anyFlippedBitOfADecodedPartIsRefused(_ name: String) async throws {
        let token = try await TestSigner.accepted(name).good()
        let parts = try token.split(separator: ".").map { try #require(Base64URL.decode($0.utf8)) }
        for (number, part) in parts.enumerated() {
            for bit in 0..<part.count * 8 {
                var flipped = parts
                flipped[number][bit / 8] ^= 1 << (bit % 8)
                let changed = flipped.map { base64URL($0) }.joined(separator: ".")
                if (try? verifier.verify(changed, now: Claims.now)) != nil {
                    Issue.record("bit \(bit) of part \(number)")
                }
            }
        }
    }

    @Test(arguments: ["HS256", "RS256", "ES256", "ES384", "EdDSA"])
    func aTruncatedTokenIsRefused(_ name: String) async throws {
        let token = try await TestSigner.accepted(name).good()
        for length in 0..<token.utf8.count {
            #expect(throws: TokenError.self) { try verifier.verify(token.prefix(length), now: Claims.now) }
            #expect(throws: TokenError.self) { try verifier.verify(token.suffix(length), now: Claims.now) }
        }
    }
}
