import Foundation
import JWTKit

/// Signs tokens from raw JSON text, so that a test can say things no JSON encoder would.
struct TestSigner: Sendable {
    let name: String
    let algorithm: any JWTAlgorithm

    static let secret = "a secret for tests that is long enough for HS512 too: 64 bytes!!"

    static func hs256(secret: String = secret) async throws -> TestSigner {
        try await TestSigner("HS256") { await $0.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256) }
    }

    /// One signer for each algorithm the verifier accepts, with ``TestKeys``.
    static func accepted(_ name: String) async throws -> TestSigner {
        switch name {
        case "HS256":
            try await hs256()
        case "RS256":
            try await TestSigner(name) { await $0.add(rsa: TestKeys.rsa, digestAlgorithm: .sha256) }
        case "PS256":
            try await TestSigner(name) { await $0.add(pss: TestKeys.rsa, digestAlgorithm: .sha256) }
        case "ES256":
            try await TestSigner(name) { await $0.add(ecdsa: TestKeys.p256) }
        case "ES384":
            try await TestSigner(name) { await $0.add(ecdsa: TestKeys.p384) }
        default:
            try await TestSigner(name) { await $0.add(eddsa: TestKeys.ed25519) }
        }
    }

    static let acceptedNames = ["HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]

    /// A signer for the key that a collection is given.
    init(_ name: String, adding: (JWTKeyCollection) async -> Void) async throws {
        let collection = JWTKeyCollection()
        await adding(collection)
        self.name = name
        self.algorithm = try await collection.getKey()
    }

    /// A token of this header and payload, byte for byte.
    func token(header: String? = nil, payload: String = Claims.valid) throws -> String {
        let header = header ?? #"{"alg":"\#(name)","typ":"JWT"}"#
        let input = "\(base64URL(header.utf8)).\(base64URL(payload.utf8))"
        return try "\(input).\(base64URL(algorithm.sign(Array(input.utf8))))"
    }
}

enum Claims {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)
    static let valid = #"{"sub":"user-1","exp":1800000600}"#
}

func base64URL(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString()
        .replacing("+", with: "-")
        .replacing("/", with: "_")
        .replacing("=", with: "")
}
