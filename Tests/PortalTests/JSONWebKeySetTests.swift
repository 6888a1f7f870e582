import Foundation
import JWTKit
import MirrorStore
import Portal
import Testing

/// What is read of a JWK set, and what of it is not.
@Suite struct JSONWebKeySetTests {
    private func set(_ text: String) throws -> JSONWebKeySet { try JSONWebKeySet(parsing: Array(text.utf8)) }

    private func verifier(_ keys: [[String: String]]) async throws -> TokenVerifier {
        let set = try set(WebKeys.set(keys))
        #expect(set.faults.isEmpty)
        return try await TokenVerifier(keys: set.keys, rules: ClaimRules())
    }

    private func fault(_ key: [String: String]) throws -> JSONWebKeyError? {
        let set = try set(WebKeys.set([key]))
        #expect(set.keys.isEmpty)
        return set.faults.first?.error
    }

    @Test(arguments: TestSigner.acceptedNames.filter { $0 != "HS256" })
    func tokensOfItsKeysPass(_ name: String) async throws {
        let verifier = try await verifier(WebKeys.all)
        let token = try await TestSigner.accepted(name).token()
        #expect(try verifier.verify(token, now: Claims.now) == UserID("user-1"))
    }

    @Test func aKeyServesTheOneAlgorithmThatTheSetBindsItTo() async throws {
        var key = WebKeys.rsa
        key["alg"] = "PS256"
        let verifier = try await verifier([key])
        #expect(try await verifier.verify(TestSigner.accepted("PS256").token(), now: Claims.now) == UserID("user-1"))
        let token = try await TestSigner.accepted("RS256").token()
        #expect(throws: TokenError.algorithmNotAccepted) { try verifier.verify(token, now: Claims.now) }
    }

    @Test func theTokensKeyIDChoosesTheKey() async throws {
        var keys = WebKeys.all
        for index in keys.indices { keys[index]["kid"] = "key-\(index)" }
        let verifier = try await verifier(keys)
        let signer = try await TestSigner.accepted("ES256")
        let right = try signer.token(header: #"{"alg":"ES256","kid":"key-1"}"#)
        #expect(try verifier.verify(right, now: Claims.now) == UserID("user-1"))
        #expect(try verifier.verify(signer.token(), now: Claims.now) == UserID("user-1"))
        for other in ["key-0", "key-2", "", "KEY-1", "nobody"] {
            let wrong = try signer.token(header: #"{"alg":"ES256","kid":"\#(other)"}"#)
            #expect(throws: TokenError.signatureMismatch) { try verifier.verify(wrong, now: Claims.now) }
        }
    }

    @Test func idsAreComparedBytewise() async throws {
        var key = WebKeys.p256
        key["kid"] = "caf\u{e9}"
        let verifier = try await verifier([key])
        let signer = try await TestSigner.accepted("ES256")
        let same = try signer.token(header: "{\"alg\":\"ES256\",\"kid\":\"caf\u{e9}\"}")
        #expect(try verifier.verify(same, now: Claims.now) == UserID("user-1"))
        let decomposed = try signer.token(header: "{\"alg\":\"ES256\",\"kid\":\"cafe\u{301}\"}")
        #expect(throws: TokenError.signatureMismatch) { try verifier.verify(decomposed, now: Claims.now) }
    }

    @Test func twoKeysOfOneIDAreBothTried() async throws {
        var keys = [WebKeys.p256, WebKeys.p256]
        let other = ES256PrivateKey().publicKey.pemRepresentation
        keys[0]["x"] = base64URL(WebKeys.der(other).suffix(64).prefix(32))
        keys[0]["y"] = base64URL(WebKeys.der(other).suffix(32))
        for index in keys.indices { keys[index]["kid"] = "same" }
        let token = try await TestSigner.accepted("ES256").token(header: #"{"alg":"ES256","kid":"same"}"#)
        #expect(try await verifier(keys).verify(token, now: Claims.now) == UserID("user-1"))
    }

    @Test(arguments: [
        #"{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#, #"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#,
        #"{"kty":"OKP","crv":"Ed448","x":"AA"}"#, #"{"kty":"OKP","crv":"X25519","x":"AA"}"#, #"{"kty":"AKP","pub":"AA"}"#,
        #"{"kty":"rsa","n":"AA","e":"AA"}"#, #"{"kty":"RSA","use":"enc","n":"AA","e":"AA"}"#,
        #"{"kty":"RSA","use":"","n":"AA","e":"AA"}"#, #"{"kty":"RSA","key_ops":["encrypt"],"n":"AA","e":"AA"}"#,
        #"{"kty":"RSA","key_ops":[],"n":"AA","e":"AA"}"#, #"{"kty":"RSA","alg":"RSA-OAEP","n":"AA","e":"AA"}"#,
        #"{"kty":"RSA","alg":"RS512","n":"AA","e":"AA"}"#, #"{"kty":"RSA","alg":"HS256","n":"AA","e":"AA"}"#,
    ])
    func whatIsNotForUsIsPassedOver(_ key: String) async throws {
        let alone = try set(#"{"keys":[\#(key)]}"#)
        #expect(alone.keys.isEmpty && alone.faults.isEmpty)
        #expect(throws: JSONWebKeySetError.noUsableKey) { try alone.requireSound() }
        let beside = try set(#"{"keys":[\#(key),\#(WebKeys.text(WebKeys.p256))]}"#)
        #expect(beside.keys.count == 1 && beside.faults.isEmpty)
        try beside.requireSound()
    }

    @Test func keyOperationsMayNameMoreThanVerify() throws {
        let text = WebKeys.text(WebKeys.p256).dropLast() + #","use":"sig","key_ops":["sign","verify"]}"#
        #expect(try set(#"{"keys":[\#(text)],"other":1}"#).keys.count == 1)
    }

    private static let changes: [(String, String?, JSONWebKeyError)] = [
        ("d", "AA", .privateKey), ("p", "AA", .privateKey), ("qi", "AA", .privateKey), ("kty", "oct", .secret),
        ("kty", nil, .member("kty")), ("n", nil, .member("n")), ("n", "", .member("n")), ("n", "A", .member("n")),
        ("n", "AQ==", .member("n")), ("n", "A+A/", .member("n")), ("n", "AQAB", .rsaTooShort(bits: 17)),
        ("e", nil, .member("e")), ("e", "AQ", .rsaExponent), ("e", "AAAB", .rsaExponent), ("e", "AA", .rsaExponent),
        ("e", "AQAA", .rsaExponent), ("alg", "ES256", .algorithmMismatch), ("alg", "EdDSA", .algorithmMismatch),
    ]

    @Test(arguments: changes)
    func badRSAKeysAreNamed(_ member: String, _ value: String?, _ error: JSONWebKeyError) throws {
        var key = WebKeys.rsa
        key[member] = value
        #expect(try fault(key) == error)
    }

    @Test(arguments: [WebKeys.p256, WebKeys.p384])
    func badPointsAreNamed(_ good: [String: String]) throws {
        for (member, value, error) in [
            ("crv", nil, JSONWebKeyError.member("crv")), ("x", nil, .member("x")), ("y", "AA", .member("y")),
            ("x", good["y"]!, .damaged), ("d", "AA", .privateKey), ("alg", "RS256", .algorithmMismatch),
            ("alg", good["crv"] == "P-256" ? "ES384" : "ES256", .algorithmMismatch),
            ("x", base64URL(repeatElement(0, count: good["crv"] == "P-256" ? 32 : 48)), .damaged),
            ("x", base64URL(repeatElement(0xFF, count: good["crv"] == "P-256" ? 32 : 48)), .damaged),
        ] {
            var key = good
            key[member] = value
            #expect(try fault(key) == error, "\(member)")
        }
    }

    @Test(arguments: [
        ("x", nil, JSONWebKeyError.member("x")), ("x", "AA", .member("x")), ("crv", nil, .member("crv")),
        ("d", "AA", .privateKey), ("alg", "ES256", .algorithmMismatch),
    ])
    func badEdwardsKeysAreNamed(_ member: String, _ value: String?, _ error: JSONWebKeyError) throws {
        var key = WebKeys.ed25519
        key[member] = value
        #expect(try fault(key) == error)
    }

    @Test(arguments: [
        "00", "01", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ])
    func aPointOfSmallOrderIsWeak(_ hexadecimal: String) throws {
        var bytes = stride(from: 0, to: hexadecimal.count, by: 2).compactMap { offset in
            UInt8(hexadecimal.dropFirst(offset).prefix(2), radix: 16)
        }
        bytes += repeatElement(0, count: 32 - bytes.count)
        var key = WebKeys.ed25519
        key["x"] = base64URL(bytes)
        #expect(try fault(key) == .smallOrder)
        let der = WebKeys.der(TestKeys.ed25519.publicKey.pemRepresentation).dropLast(32) + bytes
        let pem = "-----BEGIN PUBLIC KEY-----\n\(der.base64EncodedString())\n-----END PUBLIC KEY-----\n"
        #expect(throws: TokenKeyError.smallOrder) { try TokenKey.publicKeys(pem: pem) }
    }

    @Test func aShortModulusIsWeak() throws {
        let pem = try OpenSSL.privateKey("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
        let hex = try OpenSSL.run(["rsa", "-noout", "-modulus"], input: pem).dropFirst("Modulus=".count)
        var bytes: [UInt8] = []
        var rest = hex.filter(\.isHexDigit)[...]
        while !rest.isEmpty {
            bytes.append(try #require(UInt8(rest.prefix(2), radix: 16)))
            rest = rest.dropFirst(2)
        }
        var key = WebKeys.rsa
        key["n"] = base64URL(bytes)
        #expect(try fault(key) == .rsaTooShort(bits: 1024))
    }

    @Test(arguments: [
        (#"{"keys":[7]}"#, JSONWebKeyError.notObject), (#"{"keys":[{"kty":7}]}"#, .member("kty")),
        (#"{"keys":[{"kty":"RSA","use":7}]}"#, .member("use")), (#"{"keys":[{"kty":"RSA","key_ops":"verify"}]}"#, .member("key_ops")),
        (#"{"keys":[{"kty":"RSA","alg":null}]}"#, .member("alg")), (#"{"keys":[{"kty":"RSA","n":7,"e":"AQAB"}]}"#, .member("n")),
    ])
    func membersHaveTheirTypes(_ text: String, _ error: JSONWebKeyError) throws {
        #expect(try set(text).faults.map(\.error) == [error])
    }

    @Test func aFaultSaysWhichKeyItIsAndNothingOfIt() throws {
        var named = WebKeys.rsa
        named["kid"] = "2026-11"
        named["d"] = "c2VjcmV0"
        var unnamed = WebKeys.p256
        unnamed["y"] = "c2VjcmV0"
        unnamed["kid"] = "line\\nbreak"
        let set = try set(WebKeys.set([WebKeys.ed25519, named, unnamed]))
        #expect(set.keys.count == 1)
        #expect(set.faults.count == 2)
        #expect(set.faults[0].description.hasPrefix("key 2 (kid 2026-11) cannot be used: it is a private key"))
        #expect(set.faults[1].description.hasPrefix("key 3 cannot be used: its member y"))
        #expect(!set.faults.description.contains("c2VjcmV0"))
        let error = #expect(throws: JSONWebKeySetError.self) { try set.requireSound() }
        #expect(error?.description.contains("key 2") == true && error?.description.contains("key 3") == true)
    }

    @Test(arguments: [
        ("", JSONWebKeySetError.notJSONObject), ("<html>", .notJSONObject), ("[]", .notJSONObject),
        (#"{"keys":[],"keys":[]}"#, .notJSONObject), (#"{"keys":[{"kty":"RSA","kty":"EC"}]}"#, .notJSONObject),
        ("{}", .noKeys), (#"{"keys":{}}"#, .noKeys), (#"{"keys":null}"#, .noKeys),
        (#"{"keys":[\#(repeatElement("{}", count: 101).joined(separator: ","))]}"#, .tooManyKeys),
        (#"{"keys":[]}\#(String(repeating: " ", count: 256 << 10))"#, .tooLong),
    ])
    func otherTextsAreNoSets(_ text: String, _ error: JSONWebKeySetError) {
        #expect(throws: error) { try set(text) }
    }

    @Test(arguments: [
        JSONWebKeyError.notObject, .member("n"), .secret, .privateKey, .rsaTooShort(bits: 1024), .rsaExponent, .smallOrder,
        .algorithmMismatch, .damaged,
    ])
    func errorsSayWhatToDo(_ error: JSONWebKeyError) {
        #expect(error.description.count > 40 && !error.description.contains("\n"))
    }
}
