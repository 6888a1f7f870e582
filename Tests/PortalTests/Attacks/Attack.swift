import Foundation
import JWTKit
import Testing

@testable import Portal

/// A token that must not pass.
struct Attack: Sendable, CustomTestStringConvertible {
    /// Whom a token has to convince: every kind of key, each with an id, and claims that are all checked.
    static func verifier() async throws -> TokenVerifier {
        let ids = ["rsa", "ec", "ec384", "ed"]
        var keys = WebKeys.all
        for (index, id) in ids.enumerated() { keys[index]["kid"] = id }
        keys[0]["alg"] = "RS256"
        let set = try JSONWebKeySet(parsing: Array(WebKeys.set(keys).utf8))
        return try await TokenVerifier(
            keys: [TokenKey(secret: TestSigner.secret)] + set.keys,
            rules: ClaimRules(
                issuer: "https://id.example",
                audience: "billing",
                requiredClaims: [RequiredClaim(name: "token_type", value: "access")]
            )
        )
    }

    /// Claims that pass; an attack changes one thing.
    static let claims =
        #"{"sub":"user-1","exp":1800000600,"iss":"https://id.example","aud":"billing","token_type":"access"}"#

    let name: String
    let error: TokenError
    let token: @Sendable () async throws -> String

    init(_ name: String, _ error: TokenError, _ token: @escaping @Sendable () async throws -> String) {
        self.name = name
        self.error = error
        self.token = token
    }

    var testDescription: String { name }

    static var all: [Attack] { confusions + forgeries + forms + statements }
}

extension TestSigner {
    /// A token with claims that pass.
    func good(header: String? = nil) throws -> String { try token(header: header, payload: Attack.claims) }
}

/// The parts of a token, as bytes of text.
struct Parts {
    var header: String
    var payload: String
    var signature: String

    init(_ token: String) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        (header, payload, signature) = (parts[0], parts[1], parts[2])
    }

    var token: String { "\(header).\(payload).\(signature)" }

    static func unsigned(_ header: String, _ payload: String = Attack.claims) -> String {
        "\(base64URL(header.utf8)).\(base64URL(payload.utf8))"
    }
}
