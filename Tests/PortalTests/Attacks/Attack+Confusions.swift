import Foundation
import JWTKit
import Portal

extension Attack {
    /// The attacker chooses the algorithm or the key.
    static var confusions: [Attack] { publicKeysAsSecrets + algorithms + keyIDs + embeddedKeys }

    /// RFC 8725 §2.1: what everybody knows is taken for a secret.
    private static var publicKeysAsSecrets: [Attack] {
        let pems = [
            ("RSA", TestKeys.rsa.publicKey.pemRepresentation), ("P-256", TestKeys.p256.publicKey.pemRepresentation),
            ("P-384", TestKeys.p384.publicKey.pemRepresentation),
            ("Ed25519", TestKeys.ed25519.publicKey.pemRepresentation),
        ]
        let keys = ["RSA": WebKeys.rsa, "P-256": WebKeys.p256, "P-384": WebKeys.p384, "Ed25519": WebKeys.ed25519]
        return pems.flatMap { kind, pem in
            let der = WebKeys.der(pem)
            let secrets: [(String, [UInt8])] = [
                ("PEM", Array(pem.utf8)), ("PEM with a line break", Array((pem + "\n").utf8)),
                ("PEM with CRLF", Array(pem.replacing("\n", with: "\r\n").utf8)), ("DER", Array(der)),
                ("JWK", Array(WebKeys.text(keys[kind]!).utf8)), ("JWK set", Array(WebKeys.set([keys[kind]!]).utf8)),
                ("last 32 bytes", Array(der.suffix(32))),
            ]
            return secrets.map { form, secret in
                Attack("HS256 by the \(kind) key's \(form)", .signatureMismatch) {
                    let key = HMACKey(from: secret)
                    return try await TestSigner("HS256") { await $0.add(hmac: key, digestAlgorithm: .sha256) }.good()
                }
            }
        }
    }

    private static var algorithms: [Attack] {
        let names = [
            "none", "None", "NONE", "nOnE", "", " ", "null", "hs256", "HS256 ", "HS256\\u0000", "HS384", "HS512", "RS384",
            "RS512", "PS256", "PS384", "PS512", "ES512", "ES256K", "EDDSA", "Ed448", "dir", "RSA-OAEP", "A128KW",
        ]
        let unknown = names.flatMap { name in
            [
                Attack("alg '\(name)' with an HS256 signature", .algorithmNotAccepted) {
                    try await TestSigner.hs256().good(header: #"{"alg":"\#(name)"}"#)
                },
                Attack("alg '\(name)' without a signature", .notBase64URL(.signature)) {
                    Parts.unsigned(#"{"alg":"\#(name)"}"#) + "."
                },
            ]
        }
        let missing = ["{}", #"{"alg":null}"#, #"{"alg":["HS256"]}"#, #"{"alg":true}"#, #"{"alg":256}"#, #"{"ALG":"HS256"}"#]
            .map { (header: String) in
                Attack("header \(header)", .algorithmMissing) { try await TestSigner.hs256().good(header: header) }
            }
        let kinds = ["HS256", "RS256", "ES256", "ES384", "EdDSA"]
        let switched = kinds.flatMap { signed in
            kinds.filter { $0 != signed }.map { claimed in
                Attack("\(signed) signature called \(claimed)", .signatureMismatch) {
                    try await TestSigner.accepted(signed).good(header: #"{"alg":"\#(claimed)"}"#)
                }
            }
        }
        return unknown + missing + switched + [
            Attack("PS256 by a key that is bound to RS256", .algorithmNotAccepted) {
                try await TestSigner.accepted("PS256").good(header: #"{"alg":"PS256","kid":"rsa"}"#)
            },
            Attack("PS256 signature called RS256", .signatureMismatch) {
                try await TestSigner.accepted("PS256").good(header: #"{"alg":"RS256","kid":"rsa"}"#)
            },
            Attack("HS512 by the HS256 secret, called HS256", .signatureMismatch) {
                let key = HMACKey(from: TestSigner.secret)
                return try await TestSigner("HS256") { await $0.add(hmac: key, digestAlgorithm: .sha512) }.good()
            },
        ]
    }

    private static var keyIDs: [Attack] {
        let ids = [
            "rsa", "ec384", "ed", "", "EC", "ec ", "ec\\u0000", "../../../../dev/null", "/dev/null", "file:///etc/passwd",
            "' OR 1=1 --", "ec' UNION SELECT 'key", "${jndi:ldap://127.0.0.1/x}", "$(id)", "*", "%65c",
            String(repeating: "k", count: 4000),
        ]
        let others = ids.map { id in
            Attack("kid \(id.prefix(30))", .signatureMismatch) {
                try await TestSigner.accepted("ES256").good(header: #"{"alg":"ES256","kid":"\#(id)"}"#)
            }
        }
        let malformed = ["null", "1", "true", #"["ec"]"#, #"{"ec":1}"#].map { id in
            Attack("kid \(id), which is no string", .keyIDInvalid) {
                try await TestSigner.accepted("ES256").good(header: #"{"alg":"ES256","kid":\#(id)}"#)
            }
        }
        let crossed = ["RS256": "ec", "ES384": "ec", "EdDSA": "rsa"].map { name, id in
            Attack("\(name) with the kid of a key of another kind", .signatureMismatch) {
                try await TestSigner.accepted(name).good(header: #"{"alg":"\#(name)","kid":"\#(id)"}"#)
            }
        }
        return others + malformed + crossed + [
            Attack("kid twice", .notJSONObject(.header)) {
                try await TestSigner.accepted("ES256").good(header: #"{"alg":"ES256","kid":"x","kid":"ec"}"#)
            }
        ]
    }

    /// RFC 8725 §3.10: the attacker signs with a key of their own, and sends it along.
    private static var embeddedKeys: [Attack] {
        let own = ES256PrivateKey()
        let der = WebKeys.der(own.publicKey.pemRepresentation)
        let (x, y) = (base64URL(der.suffix(64).prefix(32)), base64URL(der.suffix(32)))
        let members = [
            #""jwk":{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)"}"#,
            #""jwk":{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)","kid":"ec"},"kid":"ec""#,
            #""jku":"https://evil.example/keys""#, #""jku":"file:///dev/stdin""#, #""x5u":"https://evil.example/cert""#,
            #""x5c":["\#(der.base64EncodedString())"]"#, #""x5t":"\#(x)""#, #""x5t#S256":"\#(x)""#,
        ]
        return members.map { member in
            Attack("header with \(member.prefix(24))…\(member.suffix(12))", .signatureMismatch) {
                try await TestSigner("ES256") { await $0.add(ecdsa: own) }.good(header: #"{"alg":"ES256",\#(member)}"#)
            }
        }
    }
}
