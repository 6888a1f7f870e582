import Foundation
import MirrorStore
import Portal
import Testing

/// Tokens and keys made by software that is not ours: PyJWT, where `python3` has it with its `crypto` extra.
@Suite(.enabled("python3 has no PyJWT with cryptography") { PyJWT.isInstalled })
struct PyJWTTests {
    @Test func tokensThatPyJWTMakesPass() async throws {
        let output = try PyJWT.run(
            """
            import jwt, json, time
            from cryptography.hazmat.primitives.asymmetric import rsa, ec, ed25519
            from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
            RSA = rsa.generate_private_key(65537, 2048)
            keys = {"HS256": "\(TestSigner.secret)", "RS256": RSA, "PS256": RSA,
                    "ES256": ec.generate_private_key(ec.SECP256R1()), "ES384": ec.generate_private_key(ec.SECP384R1()),
                    "EdDSA": ed25519.Ed25519PrivateKey.generate()}
            claims = {"sub": "caf\\u00e9", "exp": 1800000600, "nbf": 1800000000, "iat": 1800000000,
                      "iss": "https://id.example/", "aud": ["x", "billing"], "token_type": "access"}
            for alg, key in keys.items():
                public = "" if alg == "HS256" else key.public_key().public_bytes(
                    Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
                print(json.dumps({"algorithm": alg, "publicKey": public, "token": jwt.encode(claims, key, alg)}))
            """
        )
        struct Case: Decodable {
            let algorithm: String
            let publicKey: String
            let token: String
        }
        let cases = try output.split(separator: "\n").map { try JSONDecoder().decode(Case.self, from: Data($0.utf8)) }
        #expect(cases.map(\.algorithm) == ["HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA"])
        let rules = ClaimRules(
            issuer: "https://id.example/",
            audience: "billing",
            requiredClaims: [RequiredClaim(name: "token_type", value: "access")]
        )
        for made in cases {
            let keys =
                made.publicKey.isEmpty
                ? [try TokenKey(secret: TestSigner.secret)] : try TokenKey.publicKeys(pem: made.publicKey)
            let verifier = try await TokenVerifier(keys: keys, rules: rules)
            #expect(try verifier.verify(made.token, now: Claims.now) == UserID("caf\u{e9}"), "\(made.algorithm)")
        }
    }
}

private enum PyJWT {
    static let isInstalled = (try? run("import jwt, cryptography")) != nil

    static func run(_ script: String) throws -> String {
        try Command.run(["python3", "-"], input: script)
    }
}
