import Foundation
import JWTKit
import MirrorStore
import Portal
import Testing

/// Attacks on the signature, the algorithm and the form of a token.
@Suite struct TokenSignatureTests {
    private let verifier: TokenVerifier

    init() async throws {
        verifier = try await TokenVerifier(keys: TestKeys.all(), rules: ClaimRules())
    }

    private func refuses(_ token: String, _ error: TokenError, _ location: SourceLocation = #_sourceLocation) {
        #expect(throws: error, sourceLocation: location) { try verifier.verify(token, now: Claims.now) }
    }

    @Test(arguments: TestSigner.acceptedNames)
    func aSignedTokenNamesItsUser(_ name: String) async throws {
        let token = try await TestSigner.accepted(name).token()
        #expect(try verifier.verify(token, now: Claims.now) == UserID("user-1"))
        #expect(try verifier.verify(token[...], now: Claims.now) == UserID("user-1"))
    }

    @Test func tokensThatJWTKitMakesPass() async throws {
        struct Payload: JWTPayload {
            let sub: SubjectClaim
            let exp: ExpirationClaim
            func verify(using algorithm: some JWTAlgorithm) {}
        }
        let payload = Payload(sub: "user-1", exp: ExpirationClaim(value: Claims.now.addingTimeInterval(600)))
        let issuers = await [
            JWTKeyCollection().add(hmac: HMACKey(from: TestSigner.secret), digestAlgorithm: .sha256),
            JWTKeyCollection().add(rsa: TestKeys.rsa, digestAlgorithm: .sha256),
            JWTKeyCollection().add(pss: TestKeys.rsa, digestAlgorithm: .sha256),
            JWTKeyCollection().add(ecdsa: TestKeys.p256),
            JWTKeyCollection().add(ecdsa: TestKeys.p384),
            JWTKeyCollection().add(eddsa: TestKeys.ed25519),
        ]
        for issuer in issuers {
            #expect(try await verifier.verify(issuer.sign(payload), now: Claims.now) == UserID("user-1"))
        }
    }

    @Test(arguments: TestSigner.acceptedNames)
    func anyFlippedBitOfTheSignatureIsRefused(_ name: String) async throws {
        let signer = try await TestSigner.accepted(name)
        let input = try signer.token().split(separator: ".").prefix(2).joined(separator: ".")
        let signature = try signer.algorithm.sign(Array(input.utf8))
        var accepted = 0
        for bit in 0..<signature.count * 8 {
            var flipped = signature
            flipped[bit / 8] ^= 1 << (bit % 8)
            if (try? verifier.verify("\(input).\(base64URL(flipped))", now: Claims.now)) != nil { accepted += 1 }
        }
        #expect(accepted == 0)
        #expect(try verifier.verify("\(input).\(base64URL(signature))", now: Claims.now) == UserID("user-1"))
    }

    @Test(arguments: TestSigner.acceptedNames)
    func aSignatureOfAnotherLengthIsRefused(_ name: String) async throws {
        let signer = try await TestSigner.accepted(name)
        let input = try signer.token().split(separator: ".").prefix(2).joined(separator: ".")
        let signature = try signer.algorithm.sign(Array(input.utf8))
        let others = [
            Array(signature.dropLast()), Array(signature.dropFirst()), signature + [0], [0] + signature, [0],
            signature + signature, Array(repeating: 0, count: signature.count),
            Array(repeating: 0xFF, count: signature.count), Array(repeating: 1, count: 4096),
        ]
        for other in others {
            refuses("\(input).\(base64URL(other))", .signatureMismatch)
        }
        refuses("\(input).", .notBase64URL(.signature))
    }

    @Test(arguments: TestSigner.acceptedNames)
    func anyOtherCharacterInHeaderOrPayloadIsRefused(_ name: String) async throws {
        let token = try await Array(TestSigner.accepted(name).token().utf8)
        let signed = token.lastIndex(of: UInt8(ascii: "."))!
        for index in 0..<signed {
            var changed = token
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: TokenError.self) {
                try verifier.verify(String(decoding: changed, as: UTF8.self), now: Claims.now)
            }
        }
    }

    @Test func noAlgorithmVerifiesTheSignatureOfAnother() async throws {
        for signed in TestSigner.acceptedNames {
            let signer = try await TestSigner.accepted(signed)
            for claimed in TestSigner.acceptedNames where claimed != signed {
                if Set([claimed, signed]) == ["EdDSA", "Ed25519"] { continue }
                refuses(try signer.token(header: #"{"alg":"\#(claimed)"}"#), .signatureMismatch)
            }
        }
    }

    @Test(arguments: [
        "none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", " HS256", "HS256\\u0000", "HS384", "HS512", "RS384",
        "RS512", "PS384", "PS512", "ES512", "ES256K", "EDDSA", "Ed448", "ML-DSA-65", "dir",
    ])
    func anAlgorithmWithoutKeyIsRefused(_ name: String) async throws {
        let signed = try await TestSigner.hs256().token(header: #"{"alg":"\#(name)"}"#)
        refuses(signed, .algorithmNotAccepted)
        let unsigned = signed.split(separator: ".").prefix(2).joined(separator: ".")
        refuses("\(unsigned).", .notBase64URL(.signature))
        refuses(unsigned, .notThreeParts)
    }

    @Test(arguments: [
        #"{"typ":"JWT"}"#, #"{"alg":null}"#, #"{"alg":256}"#, #"{"alg":["HS256"]}"#, #"{"alg":{"HS256":1}}"#,
        #"{"alg":true}"#, #"{"Alg":"HS256"}"#, "{}",
    ])
    func aHeaderWithoutAlgorithmIsRefused(_ header: String) async throws {
        refuses(try await TestSigner.hs256().token(header: header), .algorithmMissing)
    }

    @Test func longerHashesDoNotPassWithTheHS256Secret() async throws {
        let secret = HMACKey(from: TestSigner.secret)
        for (name, digest) in [("HS384", DigestAlgorithm.sha384), ("HS512", .sha512)] {
            let signer = try await TestSigner(name) { await $0.add(hmac: secret, digestAlgorithm: digest) }
            refuses(try signer.token(), .algorithmNotAccepted)
            refuses(try signer.token(header: #"{"alg":"HS256"}"#), .signatureMismatch)
        }
    }

    @Test func aPublicKeyIsNeverAnHMACSecret() async throws {
        let pems = [
            TestKeys.rsa.publicKey.pemRepresentation, TestKeys.p256.publicKey.pemRepresentation,
            TestKeys.publicPEM, TestKeys.rsa.publicKey.pemRepresentation + "\n",
        ]
        let onlyPublic = try await TokenVerifier(
            keys: TokenKey.publicKeys(pem: TestKeys.publicPEM),
            rules: ClaimRules()
        )
        for pem in pems {
            let forged = try await TestSigner.hs256(secret: pem).token()
            refuses(forged, .signatureMismatch)
            #expect(throws: TokenError.algorithmNotAccepted) { try onlyPublic.verify(forged, now: Claims.now) }
        }
    }

    @Test(arguments: TestSigner.acceptedNames)
    func aTokenOfAnotherKeyOfTheSameKindIsRefused(_ name: String) async throws {
        let rsaPEM = try OpenSSL.privateKey("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        let keys: [TokenKey] =
            try [TokenKey(secret: String(repeating: "another ", count: 8))]
            + TokenKey.publicKeys(pem: OpenSSL.publicKey(of: rsaPEM))
            + TokenKey.publicKeys(pem: ES256PrivateKey().publicKey.pemRepresentation)
            + TokenKey.publicKeys(pem: ES384PrivateKey().publicKey.pemRepresentation)
            + TokenKey.publicKeys(pem: EdDSA.PrivateKey().publicKey.pemRepresentation)
        let token = try await TestSigner.accepted(name).token()
        let others = try await TokenVerifier(keys: keys, rules: ClaimRules())
        #expect(throws: TokenError.signatureMismatch) { try others.verify(token, now: Claims.now) }

        // While keys are being rotated both are set.
        let both = try await TokenVerifier(keys: keys + TestKeys.all(), rules: ClaimRules())
        #expect(try both.verify(token, now: Claims.now) == UserID("user-1"))
    }

    @Test(arguments: [
        #""crit":["exp"]"#, #""crit":["b64"],"b64":false"#, #""crit":[]"#, #""crit":null"#, #""\u0063rit":["x"]"#,
    ])
    func criticalHeadersAreRefused(_ member: String) async throws {
        refuses(try await TestSigner.hs256().token(header: #"{"alg":"HS256",\#(member)}"#), .criticalHeader)
    }

    @Test func keysInTheHeaderAreIgnored() async throws {
        let attacker = ES256PrivateKey()
        let (x, y) = try #require(attacker.parameters)
        func spelled(_ coordinate: String) -> String { base64URL(Data(base64Encoded: coordinate)!) }
        let jwk = #"{"kty":"EC","crv":"P-256","x":"\#(spelled(x))","y":"\#(spelled(y))"}"#
        let header = #"""
            {"alg":"ES256","kid":"attacker","jwk":\#(jwk),"jku":"http://127.0.0.1:1/jwks","x5u":"http://127.0.0.1:1/",
            "x5c":["MIIB"],"n":1e300}
            """#
        let forger = try await TestSigner("ES256") { await $0.add(ecdsa: attacker) }
        refuses(try forger.token(header: header), .signatureMismatch)
        let genuine = try await TestSigner.accepted("ES256").token(header: header)
        #expect(try verifier.verify(genuine, now: Claims.now) == UserID("user-1"))
    }

    @Test func onlyThreePartsAreAToken() async throws {
        let token = try await TestSigner.hs256().token()
        for other in ["", ".", "...", "a.b", "\(token).", ".\(token)", "\(token).\(token)", "a.b.c.d.e"] {
            refuses(other, .notThreeParts)
        }
        refuses("..", .notBase64URL(.header))
    }

    @Test func onlyCanonicalBase64URLIsAToken() async throws {
        let parts = try await TestSigner.hs256().token().split(separator: ".").map(String.init)
        let names: [TokenError.Part] = [.header, .payload, .signature]
        for (index, name) in names.enumerated() {
            for change in ["%@=", "%@==", "%@ ", " %@", "%@\n", "\n%@", "%@\u{0}", "%@+", "%@/", "%@é", "%@A"] {
                var changed = parts
                changed[index] = change.replacing("%@", with: parts[index])
                #expect(throws: TokenError.self) {
                    try verifier.verify(changed.joined(separator: "."), now: Claims.now)
                }
                if change != "%@A" {
                    refuses(changed.joined(separator: "."), .notBase64URL(name))
                }
            }
        }
    }

    @Test func unusedBitsOfTheLastCharacterAreZero() async throws {
        // 32 bytes are 43 characters, of which the last carries four bits: three more spellings of the same bytes.
        let token = try await TestSigner.hs256().token()
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = try #require(alphabet.firstIndex(of: token.last!))
        #expect(last % 4 == 0)
        for offset in 1...3 {
            refuses("\(token.dropLast())\(alphabet[last + offset])", .notBase64URL(.signature))
        }
    }

    @Test func aLastCharacterThatCompletesNoByteIsRefused() async throws {
        let token = try await TestSigner.hs256().token(header: #"{"alg":"HS256"}"#)
        let dot = try #require(token.firstIndex(of: "."))
        #expect(token.distance(from: token.startIndex, to: dot) % 4 == 0)
        refuses("\(token[..<dot])A\(token[dot...])", .notBase64URL(.header))
    }

    @Test func tokensHaveALengthLimit() async throws {
        let signer = try await TestSigner.hs256()
        func token(padding: Int) throws -> String {
            try signer.token(
                payload: #"{"sub":"user-1","exp":1800000600,"x":"\#(String(repeating: "x", count: padding))"}"#
            )
        }
        let accepted = try token(padding: 6000)
        #expect(accepted.utf8.count < TokenVerifier.maximumLength)
        #expect(try verifier.verify(accepted, now: Claims.now) == UserID("user-1"))
        let refused = try token(padding: 6100)
        #expect(refused.utf8.count > TokenVerifier.maximumLength)
        refuses(refused, .tooLong)
        refuses(String(repeating: ".", count: 1 << 20), .tooLong)
    }

    @Test(arguments: [
        #"{"alg":"HS256","alg":"HS256"}"#, #"{"alg":"none","alg":"HS256"}"#, #"{"alg":"HS256","\u0061lg":"none"}"#,
        #"{"alg":"HS256","x":{"y":1,"y":2}}"#, "[]", #""HS256""#, "", " ", #"{"alg":"HS256"} {}"#, #"{"alg":"HS256",}"#,
        "\u{feff}{\"alg\":\"HS256\"}", #"{alg:"HS256"}"#, #"{'alg':'HS256'}"#,
    ])
    func headersAreStrictJSON(_ header: String) async throws {
        let signer = try await TestSigner.hs256()
        refuses(try signer.token(header: header), header.isEmpty ? .notBase64URL(.header) : .notJSONObject(.header))
    }

    @Test func theSignatureIsCheckedBeforeThePayloadIsRead() async throws {
        let forger = try await TestSigner.hs256(secret: String(repeating: "another ", count: 8))
        refuses(try forger.token(payload: "not JSON"), .signatureMismatch)
        refuses(try await TestSigner.hs256().token(payload: "not JSON"), .notJSONObject(.payload))
    }
}
