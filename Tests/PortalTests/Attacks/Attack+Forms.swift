import Foundation
import JWTKit
import Portal

extension Attack {
    /// The attacker writes a token as one reader takes it and another does not.
    static var forms: [Attack] { serializations + spellings + headers + extensions }

    private static var serializations: [Attack] {
        func changed(_ name: String, _ error: TokenError, _ change: @escaping @Sendable (Parts) -> String) -> Attack {
            Attack(name, error) { change(Parts(try await TestSigner.hs256().good())) }
        }
        return [
            changed("empty", .notThreeParts) { _ in "" },
            changed("no dot", .notThreeParts) { $0.header },
            changed("two parts", .notThreeParts) { "\($0.header).\($0.payload)" },
            changed("four parts", .notThreeParts) { "\($0.token).\($0.signature)" },
            changed("a dot in front", .notThreeParts) { ".\($0.token)" },
            changed("a dot behind", .notThreeParts) { "\($0.token)." },
            changed("only dots", .notBase64URL(.header)) { _ in ".." },
            changed("JWE, five parts", .notThreeParts) { "\($0.header)..\($0.payload).\($0.signature).\($0.signature)" },
            changed("no header", .notBase64URL(.header)) { ".\($0.payload).\($0.signature)" },
            changed("no payload (detached)", .notBase64URL(.payload)) { "\($0.header)..\($0.signature)" },
            changed("no signature", .notBase64URL(.signature)) { "\($0.header).\($0.payload)." },
            changed("flattened JSON", .notThreeParts) {
                #"{"protected":"\#($0.header)","payload":"\#($0.payload)","signature":"\#($0.signature)"}"#
            },
            changed("general JSON", .notThreeParts) {
                #"{"payload":"\#($0.payload)","signatures":[{"protected":"\#($0.header)","signature":"\#($0.signature)"}]}"#
            },
            changed("an escaped dot", .notThreeParts) { "\($0.header)%2E\($0.payload).\($0.signature)" },
            changed("a full-width dot", .notThreeParts) { "\($0.header)\u{FF0E}\($0.payload).\($0.signature)" },
            changed("a scheme in front", .notBase64URL(.header)) { "Bearer \($0.token)" },
            changed("8193 bytes", .tooLong) { $0.token + String(repeating: "A", count: 8193 - $0.token.utf8.count) },
            changed("a megabyte", .tooLong) { $0.token + String(repeating: "A", count: 1 << 20) },
            changed("a megabyte of dots", .tooLong) { _ in String(repeating: ".", count: 1 << 20) },
            Attack("a token in the token", .notJSONObject(.payload)) {
                let signer = try await TestSigner.hs256()
                return try signer.token(header: #"{"alg":"HS256","cty":"JWT"}"#, payload: signer.good())
            },
        ]
    }

    private static var spellings: [Attack] {
        let changes: [(String, @Sendable (String) -> String)] = [
            ("padded", { $0 + "=" }), ("padded twice", { $0 + "==" }), ("space in front", { " " + $0 }),
            ("space behind", { $0 + " " }), ("space inside", { $0.prefix(4) + " " + $0.dropFirst(4) }),
            ("tab behind", { $0 + "\t" }), ("line break behind", { $0 + "\n" }), ("CRLF inside", { $0.prefix(4) + "\r\n" + $0.dropFirst(4) }),
            ("NUL behind", { $0 + "\u{0}" }), ("plus", { $0 + "+" }), ("slash", { $0 + "/" }), ("percent", { $0 + "%41" }),
            ("a letter that is no ASCII", { $0 + "\u{410}" }), ("full-width letter", { $0 + "\u{FF21}" }),
        ]
        let parts: [(TokenError.Part, any WritableKeyPath<Parts, String> & Sendable)] = [
            (.header, \.header), (.payload, \.payload), (.signature, \.signature),
        ]
        return parts.flatMap { part, path in
            changes.map { name, change in
                Attack("\(part.rawValue) \(name)", .notBase64URL(part)) {
                    var parts = Parts(try await TestSigner.hs256().good())
                    parts[keyPath: path] = change(parts[keyPath: path])
                    return parts.token
                }
            }
        }
            + (1...3).map { bits in
                Attack("unused bits of the signature are \(bits)", .notBase64URL(.signature)) {
                    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
                    var parts = Parts(try await TestSigner.hs256().good())
                    let last = alphabet.firstIndex(of: parts.signature.removeLast())!
                    parts.signature.append(alphabet[last + bits])
                    return parts.token
                }
            }
    }

    private static var headers: [Attack] {
        let deep = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        let texts = [
            "[]", "null", #""HS256""#, " ", #"{"alg":"HS256"} {}"#, #"{"alg":"HS256",}"#, #"{"alg":"HS256"}//"#,
            #"{alg:"HS256"}"#, #"{'alg':'HS256'}"#, "\u{FEFF}{\"alg\":\"HS256\"}", #"{"alg":"none","alg":"HS256"}"#,
            #"{"alg":"HS256","alg":"none"}"#, #"{"alg":"HS256","\u0061lg":"none"}"#, #"{"alg":"HS256","x":\#(deep)}"#,
            #"{"alg":"HS256","x":"\ud800"}"#, #"{"alg":"HS256","x":NaN}"#, #"{"alg":"HS256","x":01}"#,
            "{\"alg\":\"HS256\",\"x\":\"\u{0}\"}", #"{"alg":"HS256""#,
        ]
        let bytes: [(String, [UInt8])] = [
            ("UTF-16", Array(#"{"alg":"HS256"}"#.data(using: .utf16)!)),
            ("UTF-16, low byte first", Array(#"{"alg":"HS256"}"#.data(using: .utf16LittleEndian)!)),
            ("UTF-32", Array(#"{"alg":"HS256"}"#.data(using: .utf32)!)),
            ("invalid UTF-8", Array(#"{"alg":"HS256","x":""#.utf8) + [0xFF] + Array(#""}"#.utf8)),
            ("overlong UTF-8", Array(#"{"alg":"HS256","x":""#.utf8) + [0xC0, 0xAF] + Array(#""}"#.utf8)),
            ("a surrogate in UTF-8", Array(#"{"alg":"HS256","x":""#.utf8) + [0xED, 0xA0, 0x80] + Array(#""}"#.utf8)),
        ]
        return texts.map { text in
            Attack("header \(text.prefix(40))", .notJSONObject(.header)) {
                try await TestSigner.hs256().good(header: text)
            }
        }
            + bytes.map { name, header in
                Attack("header in \(name)", .notJSONObject(.header)) {
                    let input = "\(base64URL(header)).\(base64URL(claims.utf8))"
                    return try await "\(input).\(base64URL(TestSigner.hs256().algorithm.sign(Array(input.utf8))))"
                }
            }
    }

    /// RFC 7515 §4.1.11 and RFC 7797.
    private static var extensions: [Attack] {
        let critical = [
            #"["exp"],"exp":1"#, #"["b64"],"b64":false"#, #"["b64"],"b64":true"#, #"["http://x.example"]"#, "[]", "null", #""b64""#,
            #"["alg"]"#, #"["crit"]"#, "{}", "false",
        ]
        return critical.map { crit in
            Attack("crit \(crit)", .criticalHeader) {
                try await TestSigner.hs256().good(header: #"{"alg":"HS256","crit":\#(crit)}"#)
            }
        } + [
            Attack("b64 false, the payload as it is", .notBase64URL(.payload)) {
                let payload = claims.replacing(".", with: "")
                let input = "\(base64URL(#"{"alg":"HS256","b64":false}"#.utf8)).\(payload)"
                return try await "\(input).\(base64URL(TestSigner.hs256().algorithm.sign(Array(input.utf8))))"
            }
        ]
    }
}
