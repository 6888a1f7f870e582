import Foundation
import TestSupport
import Testing

@testable import Stripe

@Suite struct WebhookSignatureTests {
    static let secret = WebhookSecret("whsec_test")!
    static let body = Array(#"{"id":"evt_1"}"#.utf8)
    static let now: Int64 = 1_700_000_000

    static func signature(_ timestamp: String = "\(now)", _ body: [UInt8] = body) -> String {
        Hexadecimal.encode(Digest.hmacSHA256(Array("\(timestamp).".utf8) + body, key: secret.key))
    }

    func verify(
        _ header: String?,
        body: [UInt8] = body,
        secrets: [WebhookSecret] = [secret],
        tolerance: Int64? = 300
    ) throws(WebhookSignatureError) {
        try WebhookSignature.verify(
            header: header,
            body: body,
            secrets: secrets,
            now: Self.now,
            tolerance: tolerance
        )
    }

    @Test(arguments: [
        "t=\(now),v1=\(signature())",
        "t=\(now), v1=\(signature())",
        " t=\(now) ,\tv1=\(signature()) ",
        "v1=\(signature()),t=\(now)",
        "t=\(now),v1=\(signature().uppercased())",
        "t=\(now),v1=\(signature()),",
        "t=\(now),,v1=\(signature())",
        "t=\(now),foo,v1=\(signature())",
        "t=\(now),v1,v1=\(signature())",
        "t=\(now),v1=,v1=\(signature())",
        "t=\(now),v1=é,v1=\(signature())",
        "t=\(now),v0=00,v2=00,v1=\(signature())",
        "t=\(now),v1=\(signature()),v1=00",
    ])
    func accepts(header: String) throws {
        try verify(header)
    }

    @Test(
        arguments: [
            (nil, .headerMissing),
            ("", .headerMissing),
            ("no header at all", .noTimestamp),
            ("v1=\(signature())", .noTimestamp),
            ("T=\(now),v1=\(signature())", .noTimestamp),
            ("t=\(now),t=\(now),v1=\(signature())", .ambiguousTimestamp),
            ("t=,v1=\(signature())", .invalidTimestamp),
            ("t=+\(now),v1=\(signature("+\(now)"))", .invalidTimestamp),
            ("t=-5,v1=\(signature("-5"))", .invalidTimestamp),
            ("t=\(now)abc,v1=\(signature())", .invalidTimestamp),
            ("t=1.7e9,v1=\(signature("1.7e9"))", .invalidTimestamp),
            ("t=١٧,v1=\(signature("١٧"))", .invalidTimestamp),
            ("t=99999999999999999999,v1=\(signature("99999999999999999999"))", .invalidTimestamp),
            ("t=\(now)", .noSignature),
            ("t=\(now),v0=\(signature())", .noSignature),
            ("t=\(now),V1=\(signature())", .noSignature),
            ("t=\(now),v1=", .noMatch),
            ("t=\(now),v1=\(signature().dropLast())", .noMatch),
            ("t=\(now),v1=\(signature().dropLast(2))", .noMatch),
            ("t=\(now),v1=\(signature())00", .noMatch),
            ("t=\(now),v1=\(signature())=", .noMatch),
            ("t=\(now - 1),v1=\(signature())", .noMatch),
            ("t=\(now - 301),v1=\(signature("\(now - 301)"))", .outsideTolerance(age: 301)),
            ("t=\(now + 301),v1=\(signature("\(now + 301)"))", .outsideTolerance(age: -301)),
            ("t=0,v1=\(signature("0"))", .outsideTolerance(age: now)),
        ] as [(String?, WebhookSignatureError)]
    )
    func refuses(header: String?, error: WebhookSignatureError) {
        #expect(throws: error) { try verify(header) }
    }

    @Test(arguments: [-300, 0, 300] as [Int64])
    func toleranceIsInclusive(age: Int64) throws {
        try verify("t=\(Self.now - age),v1=\(Self.signature("\(Self.now - age)"))")
    }

    @Test func anyAgePassesWithoutTolerance() throws {
        try verify("t=1,v1=\(Self.signature("1"))", tolerance: nil)
    }

    @Test func eachFlippedBitOfBodyAndSignatureIsRefused() throws {
        let header = WebhookSignature.header(signing: Self.body, with: [Self.secret], at: Self.now)
        try verify(header)
        for index in Self.body.indices {
            for bit in 0..<8 {
                var body = Self.body
                body[index] ^= 1 << bit
                #expect(throws: WebhookSignatureError.noMatch) { try verify(header, body: body) }
            }
        }
        let digest = Digest.hmacSHA256(Array("\(Self.now).".utf8) + Self.body, key: Self.secret.key)
        for index in digest.indices {
            for bit in 0..<8 {
                var digest = digest
                digest[index] ^= 1 << bit
                #expect(throws: WebhookSignatureError.noMatch) {
                    try verify("t=\(Self.now),v1=\(Hexadecimal.encode(digest))")
                }
            }
        }
    }

    @Test func everySecretInUseIsTried() throws {
        let old = try #require(WebhookSecret("whsec_old"))
        let new = try #require(WebhookSecret("whsec_new"))
        let header = WebhookSignature.header(signing: Self.body, with: [old], at: Self.now)
        try verify(header, secrets: [new, old])
        #expect(throws: WebhookSignatureError.noMatch) { try verify(header, secrets: [new]) }
        #expect(throws: WebhookSignatureError.noMatch) { try verify(header, secrets: []) }
        let used = try WebhookSignature.verify(
            header: header,
            body: Self.body,
            secrets: [new, old],
            now: Self.now,
            tolerance: 300
        )
        #expect(used == [old])
        let both = WebhookSignature.header(signing: Self.body, with: [old, new], at: Self.now)
        #expect(
            try WebhookSignature.verify(
                header: both,
                body: Self.body,
                secrets: [new, Self.secret, old],
                now: Self.now,
                tolerance: 300
            ) == [new, old]
        )
    }

    @Test(arguments: ["", " ", "\t", " \t\r\n\u{0C}\u{0B}", "\u{A0}"])
    func blankSecretsDoNotExist(secret: String) {
        #expect(WebhookSecret(secret) == nil)
    }

    @Test func aFingerprintTellsSecretsApart() throws {
        // printf whsec_test | sha256sum
        #expect(try #require(WebhookSecret("whsec_test")).fingerprint == "609b97b0")
    }

    @Test func secretsAreNotShown() throws {
        let secret = try #require(WebhookSecret("whsec_visible"))
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] {
            #expect(!text.contains("visible"))
        }
    }
}

/// Cases of the official libraries' own suites.
@Suite(.enabled(if: SharedFixtures.exist, "\(SharedFixtures.absence)"))
struct WebhookSignatureVectorTests {
    struct Vectors: Decodable {
        struct Vector: Decodable {
            var name: String
            var secret: String
            var header: String
            var now: Int64
            var tolerance: Int64?
            var expect: String
            var payload: String?
            var payload_hex: String?
        }
        var vectors: [Vector]
    }

    @Test func allVectorsWithASetOutcomeComeOutAsSet() throws {
        let file = try #require(SharedFixtures.root).appending(path: "signature_vectors.json")
        let vectors = try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file)).vectors
        var outcomes = 0
        for vector in vectors where vector.expect != "policy" {
            let hexadecimal = vector.payload_hex.flatMap { Hexadecimal.decode($0.utf8) }
            let bytes = try #require(hexadecimal ?? vector.payload.map { Array($0.utf8) })
            let accepts = vector.expect.hasPrefix("accept")
            let isAccepted = WebhookSecret(vector.secret).map { secret in
                do {
                    try WebhookSignature.verify(
                        header: vector.header,
                        body: bytes,
                        secrets: [secret],
                        now: vector.now,
                        tolerance: vector.tolerance
                    )
                    return true
                } catch {
                    return false
                }
            }
            #expect((isAccepted ?? false) == accepts, "\(vector.name)")
            if vector.expect == "accept_then_json_error" {
                #expect(throws: JSONError.self) { try Event(JSON(parsing: bytes)) }
            }
            outcomes += 1
        }
        #expect(outcomes >= 40)
    }
}
