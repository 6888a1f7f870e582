import MirrorStore
import Portal

extension Attack {
    /// A good signature over claims that must not pass.
    static var statements: [Attack] { times + parties + users + payloads }

    private static func says(_ name: String, _ error: TokenError, _ payload: String) -> Attack {
        Attack(name, error) { try await TestSigner.hs256().token(payload: payload) }
    }

    private static func changed(_ member: String, to value: String, _ error: TokenError) -> Attack {
        let old = member.prefix { $0 != ":" }
        return says("\(old) \(value.prefix(30))", error, claims.replacing(member, with: "\(old):\(value)"))
    }

    private static let exp = #""exp":1800000600"#

    private static var times: [Attack] {
        let malformed = [
            "1e300", "1e400", "-1e400", "9223372036854775807", "9223372036854775808", "18446744073709551616",
            String(repeating: "9", count: 2000), "1800000600000", "-1", #""1800000600""#, "null", "true", "[1800000600]", "{}",
        ]
        let open = String(claims.dropLast())
        var attacks = [
            says("no exp", .claimMissing("exp"), claims.replacing(exp, with: #""x":1"#)),
            says("Exp", .claimMissing("exp"), claims.replacing("\"exp", with: "\"Exp")),
            says("exp in a nested object", .claimMissing("exp"), claims.replacing(exp, with: #""x":{"exp":1800000600}"#)),
        ]
        for value in malformed {
            attacks.append(changed(exp, to: value, .claimInvalid("exp")))
            attacks.append(says("nbf \(value.prefix(30))", .claimInvalid("nbf"), #"\#(open),"nbf":\#(value)}"#))
        }
        for value in ["0", "1799999969", "1e-400", "-0", "1.0"] {
            attacks.append(changed(exp, to: value, .expired))
        }
        for value in ["1800000031", "1800000599"] {
            attacks.append(says("nbf \(value)", .notYetValid, #"\#(open),"nbf":\#(value)}"#))
            attacks.append(says("iat \(value)", .issuedInFuture, #"\#(open),"iat":\#(value)}"#))
        }
        return attacks
    }

    private static var parties: [Attack] {
        let (iss, aud, type) = (#""iss":"https://id.example""#, #""aud":"billing""#, #""token_type":"access""#)
        let values: [(claim: String, error: TokenError, values: [String])] = [
            (
                iss, .issuerMismatch,
                [
                    #""https://evil.example""#, #""https://id.example/""#, #""https://id.example.evil.example""#, #""""#,
                    #""HTTPS://id.example""#, #"" https://id.example""#,
                ]
            ),
            (iss, .claimInvalid("iss"), ["null", "1", #"["https://id.example"]"#]),
            (
                aud, .audienceMismatch,
                [#""other""#, #""Billing""#, #""billing ""#, #""billing,x""#, "[]", #"["other"]"#, #""""#]
            ),
            (aud, .claimInvalid("aud"), ["null", "1", "{}", #"{"billing":1}"#, #"["billing",1]"#, #"[["billing"]]"#]),
            (
                type, .requiredClaimMismatch("token_type"),
                [#""refresh""#, #""id""#, "null", #"["access"]"#, #""ACCESS""#]
            ),
        ]
        let missing = [("iss", iss), ("aud", aud), ("token_type", type)].map { name, member in
            says("no \(name)", .claimMissing(name), claims.replacing(member, with: #""x":1"#))
        }
        return missing + values.flatMap { claim, error, values in values.map { changed(claim, to: $0, error) } }
    }

    private static var users: [Attack] {
        let sub = #""sub":"user-1""#
        let values: [(error: TokenError, values: [String])] = [
            (
                .claimInvalid("sub"),
                ["null", "true", "1.5", "1e3", "-0", "[]", #"["user-1"]"#, #"{"id":"user-1"}"#]
            ),
            (.userID(.blank), [#""""#, #"" ""#, #""\t""#]),
            (.userID(.controlCharacter), [#""user-1\u0000""#, #""user-1\n""#]),
            (.userID(.tooLong), [String(repeating: "9", count: 256), "\"\(String(repeating: "u", count: 256))\""]),
        ]
        return [says("no sub", .claimMissing("sub"), claims.replacing(sub, with: #""x":1"#))]
            + values.flatMap { error, values in values.map { changed(sub, to: $0, error) } }
    }

    private static var payloads: [Attack] {
        let open = String(claims.dropLast())
        let deep = String(repeating: #"{"a":"#, count: 500) + "1" + String(repeating: "}", count: 500)
        let texts: [String] = [
            #"{"sub":"user-2",\#(claims.dropFirst())"#, #"\#(open),"sub":"user-2"}"#, #"\#(open),"\u0073ub":"user-2"}"#,
            #"\#(open),"exp":1}"#, #"\#(open),"x":{"a":1,"a":2}}"#, #"\#(open),"x":\#(deep)}"#, #"\#(open),"x":"\udc00"}"#,
            "\u{FEFF}\(claims)", "\(claims)\(claims)", "\(claims)x", "[\(claims)]", "null", "7", #""user-1""#, "not JSON", open,
            claims.replacing(":18", with: ":+18"), claims.replacing(":18", with: ":018"),
            claims.replacing(#""user-1""#, with: "'user-1'"),
        ]
        return texts.map { says("payload \($0.prefix(30))…\($0.suffix(20))", .notJSONObject(.payload), $0) }
    }
}
