import Foundation
import MirrorStore
import Portal
import Testing

/// What the claims of a well-signed token must say.
@Suite struct TokenClaimsTests {
    private func verify(_ payload: String, _ rules: ClaimRules = ClaimRules()) async throws -> String {
        let verifier = try await TokenVerifier(keys: [TokenKey(secret: TestSigner.secret)], rules: rules)
        let token = try await TestSigner.hs256().token(payload: payload)
        return try verifier.verify(token, now: Claims.now).rawValue
    }

    private func accepts(_ payload: String, _ rules: ClaimRules = ClaimRules(), as user: String = "u") async throws {
        let id = try await verify(payload, rules)
        #expect(Array(id.utf8) == Array(user.utf8), "\(payload)")
    }

    private func refuses(_ payload: String, _ error: TokenError, _ rules: ClaimRules = ClaimRules()) async {
        await #expect(throws: error, "\(payload)") { try await verify(payload, rules) }
    }

    @Test(arguments: [
        "1800000000", "1800000001", "1799999970", "1799999970.0", "1.8e9", "1800000000.5", "253402300799",
        "180000001E1",
    ])
    func aTokenPassesUntilItsExpirationAndTheLeeway(_ expiration: String) async throws {
        try await accepts(#"{"sub":"u","exp":\#(expiration)}"#)
    }

    @Test(arguments: ["1799999969", "1799999969.999", "1799999940", "0", "1", "1e-400", "-0"])
    func anExpiredTokenIsRefused(_ expiration: String) async {
        await refuses(#"{"sub":"u","exp":\#(expiration)}"#, .expired)
    }

    @Test(arguments: [
        "1e400", "-1e400", "1e308", "9223372036854775807", "9223372036854775808", "18446744073709551616",
        "1800000600000", "253402300800", "-1", #""1800000600""#, "null", "true", "[1800000600]", "{}", #""""#,
    ])
    func aDateIsAPlausibleNumber(_ date: String) async {
        await refuses(#"{"sub":"u","exp":\#(date)}"#, .claimInvalid("exp"))
        await refuses(#"{"sub":"u","exp":1800000600,"nbf":\#(date)}"#, .claimInvalid("nbf"))
        await refuses(#"{"sub":"u","exp":1800000600,"iat":\#(date)}"#, .claimInvalid("iat"))
    }

    @Test func theExpirationIsRequired() async {
        await refuses(#"{"sub":"u"}"#, .claimMissing("exp"))
        await refuses(#"{"sub":"u","Exp":1800000600}"#, .claimMissing("exp"))
    }

    @Test func aTokenOfTheFutureIsRefused() async throws {
        for date in ["0", "1800000000", "1800000030"] {
            try await accepts(#"{"sub":"u","exp":1800000600,"nbf":\#(date),"iat":\#(date)}"#)
        }
        for date in ["1800000031", "1800000030.001", "1800000599"] {
            await refuses(#"{"sub":"u","exp":1800000600,"nbf":\#(date)}"#, .notYetValid)
            await refuses(#"{"sub":"u","exp":1800000600,"iat":\#(date)}"#, .issuedInFuture)
        }
    }

    @Test func theIssuerIsComparedBytewise() async throws {
        let rules = ClaimRules(issuer: "https://id.example/caf\u{e9}")
        try await accepts("{\"sub\":\"u\",\"exp\":1800000600,\"iss\":\"https://id.example/caf\u{e9}\"}", rules)
        try await accepts(#"{"sub":"u","exp":1800000600,"iss":"https:\/\/id.example\/caf\u00E9"}"#, rules)
        for other in ["https://id.example/cafe\u{301}", "https://id.example/", "", "HTTPS://id.example/caf\u{e9}"] {
            await refuses("{\"sub\":\"u\",\"exp\":1800000600,\"iss\":\"\(other)\"}", .issuerMismatch, rules)
        }
        for other in ["null", "1", #"["https://id.example/café"]"#] {
            await refuses(#"{"sub":"u","exp":1800000600,"iss":\#(other)}"#, .claimInvalid("iss"), rules)
        }
        await refuses(Claims.valid, .claimMissing("iss"), rules)
        try await accepts(#"{"sub":"u","exp":1800000600,"iss":7}"#)
    }

    @Test func theAudienceIsTheValueOrOneOfTheArray() async throws {
        let rules = ClaimRules(audience: "billing")
        for audience in [
            #""billing""#, #"["billing"]"#, #"["other","billing"]"#, #"["billing","other"]"#, #"["billing","billing"]"#,
        ] {
            try await accepts(#"{"sub":"u","exp":1800000600,"aud":\#(audience)}"#, rules)
        }
        for audience in [#""other""#, "[]", #"["other"]"#, #""""#, #""billing ""#, #""Billing""#, #"["billing,x"]"#] {
            await refuses(#"{"sub":"u","exp":1800000600,"aud":\#(audience)}"#, .audienceMismatch, rules)
        }
        for audience in ["null", "1", "{}", #"["billing",1]"#, #"[["billing"]]"#, #"{"billing":true}"#] {
            await refuses(#"{"sub":"u","exp":1800000600,"aud":\#(audience)}"#, .claimInvalid("aud"), rules)
        }
        await refuses(Claims.valid, .claimMissing("aud"), rules)
        try await accepts(#"{"sub":"u","exp":1800000600,"aud":["other"]}"#)
    }

    @Test(arguments: [
        ("0", "0"), ("42", "42"), ("-7", "-7"), ("9007199254740993", "9007199254740993"),
        ("18446744073709551616", "18446744073709551616"), (#""42""#, "42"), (#""042""#, "042"),
        (#""a\u0062\n""#.replacing(#"\n"#, with: "c"), "abc"), (#""caf\u00e9""#, "caf\u{e9}"),
        (#""cafe\u0301""#, "cafe\u{301}"), (#""\ud83d\ude00""#, "😀"), (#"" x ""#, " x "),
    ])
    func theUserIsAStringOrAnInteger(_ spelling: String, _ user: String) async throws {
        try await accepts(#"{"sub":\#(spelling),"exp":1800000600}"#, as: user)
    }

    @Test(arguments: ["1.0", "1.5", "1e3", "1E0", "-0", "null", "true", "false", "[]", #"["u"]"#, #"{"id":"u"}"#])
    func nothingElseIsAUser(_ spelling: String) async {
        await refuses(#"{"sub":\#(spelling),"exp":1800000600}"#, .claimInvalid("sub"))
    }

    @Test func theUserIDIsUsable() async {
        await refuses(#"{"sub":"","exp":1800000600}"#, .userID(.blank))
        await refuses(#"{"sub":" \t","exp":1800000600}"#, .userID(.blank))
        await refuses(#"{"sub":"a\u0000b","exp":1800000600}"#, .userID(.controlCharacter))
        let long = String(repeating: "9", count: 256)
        await refuses(#"{"sub":"\#(long)","exp":1800000600}"#, .userID(.tooLong))
        await refuses(#"{"sub":\#(long),"exp":1800000600}"#, .userID(.tooLong))
    }

    @Test func theUserClaimCanHaveAnotherName() async throws {
        let rules = ClaimRules(userClaim: "user_id")
        try await accepts(#"{"sub":"x","user_id":7,"exp":1800000600}"#, rules, as: "7")
        await refuses(Claims.valid, .claimMissing("user_id"), rules)
        await refuses(#"{"sub":"x","user_ID":7,"exp":1800000600}"#, .claimMissing("user_id"), rules)
        await refuses(#"{"x":{"user_id":7},"exp":1800000600}"#, .claimMissing("user_id"), rules)
    }

    @Test(arguments: [
        ("token_type=access", #""access""#), ("v=2", "2"), ("v=2", #""2""#), ("admin=false", "false"),
        ("admin=false", #""false""#), ("x=", #""""#), ("x=a=b", #""a=b""#), ("n=1.50", "1.50"),
    ])
    func aRequiredClaimHasItsValue(_ required: String, _ value: String) async throws {
        let claim = try #require(RequiredClaim(required))
        let rules = ClaimRules(requiredClaims: [claim])
        try await accepts(#"{"sub":"u","exp":1800000600,"\#(claim.name)":\#(value)}"#, rules)
    }

    @Test(arguments: [
        ("token_type=access", #""refresh""#), ("token_type=access", #""Access""#), ("token_type=access", "null"),
        ("v=2", "2.0"), ("v=2", "[2]"), ("v=null", "null"), ("admin=true", "1"), ("admin=1", "true"), ("x=", "null"),
        ("x={}", "{}"), ("x=caf\u{e9}", "\"cafe\u{301}\""),
    ])
    func aRequiredClaimWithAnotherValueIsRefused(_ required: String, _ value: String) async throws {
        let claim = try #require(RequiredClaim(required))
        let rules = ClaimRules(requiredClaims: [claim])
        let payload = #"{"sub":"u","exp":1800000600,"\#(claim.name)":\#(value)}"#
        await refuses(payload, .requiredClaimMismatch(claim.name), rules)
        await refuses(Claims.valid, .claimMissing(claim.name), rules)
    }

    @Test func everyRequiredClaimCounts() async throws {
        let claims = [RequiredClaim(name: "a", value: "1"), RequiredClaim(name: "b", value: "2")]
        let rules = ClaimRules(requiredClaims: claims)
        try await accepts(#"{"sub":"u","exp":1800000600,"a":1,"b":2}"#, rules)
        await refuses(#"{"sub":"u","exp":1800000600,"a":1,"b":3}"#, .requiredClaimMismatch("b"), rules)
        await refuses(#"{"sub":"u","exp":1800000600,"b":2}"#, .claimMissing("a"), rules)
    }

    @Test func aRequiredClaimIsReadFromNameAndValue() {
        #expect(RequiredClaim("token_type=access") == RequiredClaim(name: "token_type", value: "access"))
        #expect(RequiredClaim("a=b=c") == RequiredClaim(name: "a", value: "b=c"))
        #expect(RequiredClaim("a=") == RequiredClaim(name: "a", value: ""))
        for text in ["", "=", "=b", "a"] {
            #expect(RequiredClaim(text) == nil)
        }
    }

    @Test(arguments: [
        #"{"sub":"u","exp":1800000600,"sub":"v"}"#, #"{"sub":"u","exp":1800000600,"\u0073ub":"v"}"#,
        #"{"exp":1,"sub":"u","exp":1800000600}"#, #"{"sub":"u","exp":1800000600,"x":[{"a":1,"a":1}]}"#,
        "[]", "null", #""u""#, #"{"sub":"u","exp":1800000600}x"#, #"{"sub":"u","exp":+1800000600}"#,
        #"{"sub":"u","exp":01800000600}"#, #"{"sub":"u","exp":NaN}"#, #"{"sub":"u","exp":Infinity}"#,
        #"{"sub":"\ud800","exp":1800000600}"#, #"{"sub":"u","exp":1800000600"#,
        "{\"sub\":\"a\nb\",\"exp\":1800000600}",
    ])
    func payloadsAreStrictJSON(_ payload: String) async {
        await refuses(payload, .notJSONObject(.payload))
    }

    @Test func deepNestingIsRefusedWithoutHarm() async throws {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let deep = String(repeating: open, count: 1000)
            let nested = "\(deep)0\(String(repeating: close, count: 1000))"
            await refuses(#"{"sub":"u","exp":1800000600,"x":\#(nested)}"#, .notJSONObject(.payload))
            await refuses(deep, .notJSONObject(.payload))
        }
        try await accepts(#"{"sub":"u","exp":1800000600,"x":[[{"y":[[]]}]]}"#)
    }

    @Test func unknownClaimsOfAnyKindAreIgnored() async throws {
        try await accepts(#" { "sub" : "u" , "exp" : 1800000600 , "x" : [ 1e999 , null , { } , "\"" ] } "#)
    }

    @Test func errorsSayNothingOfTheToken() async throws {
        let payload = #"{"sub":"secret-user","exp":1800000600,"iss":"secret-issuer","token_type":"secret-type"}"#
        let rules = [
            ClaimRules(issuer: "i"), ClaimRules(audience: "a"), ClaimRules(userClaim: "user_id"),
            ClaimRules(requiredClaims: [RequiredClaim(name: "token_type", value: "access")]),
        ]
        for rule in rules {
            let error = await #expect(throws: TokenError.self) { try await verify(payload, rule) }
            #expect(!String(describing: error).contains("secret") && !String(reflecting: error).contains("secret"))
        }
    }
}
