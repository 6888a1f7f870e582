import Foundation
import JWTKit
import Portal
import Testing

@Suite struct TokenKeyTests {
    @Test func aSecretHas32BytesOrMore() throws {
        _ = try TokenKey(secret: String(repeating: "x", count: 32))
        _ = try TokenKey(secret: String(repeating: "é", count: 16))
        for secret in ["", "x", String(repeating: "x", count: 31), String(repeating: " ", count: 64)] {
            #expect(throws: TokenKeyError.secretTooShort) { try TokenKey(secret: secret) }
        }
    }

    @Test func aKeyDoesNotPrintItsSecret() throws {
        let key = try TokenKey(secret: TestSigner.secret)
        var dumped = ""
        dump(key, to: &dumped)
        for text in [dumped, String(describing: key), String(reflecting: key)] {
            #expect(!text.contains(TestSigner.secret))
        }
    }

    @Test func aPEMTextIsNoSecret() {
        #expect(throws: TokenKeyError.secretIsPEM) { try TokenKey(secret: TestKeys.publicPEM) }
        #expect(throws: TokenKeyError.secretIsPEM) { try TokenKey(secret: TestKeys.rsaPEM) }
    }

    @Test func aVerifierNeedsAKey() async {
        await #expect(throws: TokenKeyError.noKey) { try await TokenVerifier(keys: [], rules: ClaimRules()) }
    }

    @Test(arguments: [
        ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
        ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ["-algorithm", "ED25519"],
    ])
    func publicKeysOfTheAcceptedKindsAreRead(_ arguments: [String]) throws {
        let pem = try OpenSSL.publicKey(of: OpenSSL.run(["genpkey"] + arguments))
        #expect(try TokenKey.publicKeys(pem: pem).count == 1)
        #expect(try TokenKey.publicKeys(pem: pem.replacing("\n", with: "\r\n")).count == 1)
        #expect(try TokenKey.publicKeys(pem: "a comment\n\n\(pem)\n\(pem)").count == 2)
    }

    @Test(arguments: [
        (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], TokenKeyError.rsaTooShort(bits: 1024)),
        (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2040"], .rsaTooShort(bits: 2040)),
        (["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], .unsupportedKey),
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], .unsupportedKey),
        (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], .unsupportedKey),
        (["-algorithm", "X25519"], .unsupportedKey),
        (["-algorithm", "ED448"], .unsupportedKey),
    ])
    func weakAndUnsupportedKeysAreRefused(_ arguments: [String], _ error: TokenKeyError) throws {
        let privateKey = try OpenSSL.run(["genpkey"] + arguments)
        let publicKey = try OpenSSL.publicKey(of: privateKey)
        #expect(throws: error) { try TokenKey.publicKeys(pem: publicKey) }
        #expect(throws: error) { try TokenKey.publicKeys(pem: TestKeys.publicPEM + publicKey) }
        #expect(throws: TokenKeyError.privateKey) { try TokenKey.publicKeys(pem: privateKey) }
    }

    @Test func privateKeysOfEveryFormAreRefused() throws {
        let traditional = try OpenSSL.run(["rsa", "-traditional"], input: TestKeys.rsaPEM)
        #expect(traditional.contains("BEGIN RSA PRIVATE KEY"))
        let encrypted = try OpenSSL.run(["pkey", "-aes128", "-passout", "pass:x"], input: TestKeys.rsaPEM)
        #expect(encrypted.contains("BEGIN ENCRYPTED PRIVATE KEY"))
        let withParameters = try OpenSSL.run(["ecparam", "-name", "prime256v1", "-genkey"])
        #expect(withParameters.contains("BEGIN EC PARAMETERS"))
        for pem in [TestKeys.rsaPEM, traditional, encrypted, withParameters, TestKeys.p256.pemRepresentation] {
            #expect(throws: TokenKeyError.privateKey) { try TokenKey.publicKeys(pem: pem) }
        }
    }

    @Test func otherPEMTextsAreRefused() throws {
        let pkcs1 = try OpenSSL.run(["rsa", "-RSAPublicKey_out"], input: TestKeys.rsaPEM)
        #expect(throws: TokenKeyError.pkcs1PublicKey) { try TokenKey.publicKeys(pem: pkcs1) }
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
        #expect(throws: TokenKeyError.certificate) { try TokenKey.publicKeys(pem: certificate) }
    }

    @Test func damagedTextsAreRefused() throws {
        let pem = TestKeys.p256.publicKey.pemRepresentation
        let end = "-----END PUBLIC KEY-----"
        for text in [
            "", "x", pem.replacing(end, with: ""), pem.replacing(end, with: "-----END X-----"),
            pem.replacing("BEGIN", with: "begin"), "\(end)\n\(pem)",
        ] {
            #expect(throws: TokenKeyError.notPEM, "\(text)") { try TokenKey.publicKeys(pem: text) }
        }
        let der = try #require(Data(base64Encoded: pem.split(separator: "\n").dropFirst().dropLast().joined()))
        for length in 0..<der.count {
            let body = der.prefix(length).base64EncodedString()
            #expect(throws: TokenKeyError.self) {
                try TokenKey.publicKeys(pem: "-----BEGIN PUBLIC KEY-----\n\(body)\n\(end)")
            }
        }
        // The last byte is part of the point, which then is not on the curve.
        var offCurve = der
        offCurve[offCurve.endIndex - 1] ^= 1
        #expect(throws: TokenKeyError.damagedKey) {
            try TokenKey.publicKeys(pem: "-----BEGIN PUBLIC KEY-----\n\(offCurve.base64EncodedString())\n\(end)")
        }
    }

    @Test(arguments: [
        TokenKeyError.noKey, .secretTooShort, .secretIsPEM, .notPEM, .privateKey, .certificate, .pkcs1PublicKey,
        .rsaTooShort(bits: 1024), .rsaExponent, .smallOrder, .unsupportedKey, .damagedKey,
    ])
    func errorsSayWhatToDoOnOneLine(_ error: TokenKeyError) {
        #expect(error.description.count > 40)
        #expect(!error.description.contains("\n"))
    }
}
