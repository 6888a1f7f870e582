import Portal
import Testing

@Suite struct BearerTokenTests {
    @Test(arguments: ["Bearer abc", "bearer abc", "BEARER abc", "bEaReR abc", "Bearer   abc"])
    func theSchemeIsReadWhateverItsCase(_ value: String) {
        #expect(BearerToken.parse(authorizationHeader: [value]) == .token("abc"))
    }

    @Test(arguments: ["a", "a.b.c", "-._~+/", "AZaz09", "a=", "a=="])
    func everyB64TokenIsAToken(_ token: String) {
        #expect(BearerToken.parse(authorizationHeader: ["Bearer \(token)"]) == .token(token))
    }

    @Test(arguments: [[], [""], ["Basic YTpi"], ["Digest a=\"b\""], ["Bearers abc"], ["Bearer2 abc"], ["DPoP abc"]])
    func whatIsNoBearerTokenIsNone(_ values: [String]) {
        #expect(BearerToken.parse(authorizationHeader: values) == .none)
    }

    @Test(arguments: [
        ["Bearer"], ["Bearer "], ["Bearer  "], ["Bearer\tabc"], ["Bearer abc "], ["Bearer abc\n"], [" Bearer abc"],
        ["Bearer a b"], ["Bearer abc, Bearer def"], ["Bearer abc,def"], ["Bearer =abc"], ["Bearer a=b"], ["Bearer ="],
        ["Bearer abc\u{0}"], ["Bearer é"], ["Bearer \u{0451}"], ["Bearer \"abc\""], ["Bearer abc;q=1"], ["Bearer, abc"],
        ["Bearer abc", "Bearer abc"], ["Bearer abc", "Basic YTpi"], ["Basic YTpi", "Bearer abc"], ["", "Bearer abc"],
        ["Basic YTpi", "Basic YTpi"], ["Bearer\u{a0}abc"], ["Bearer e\u{301}"], ["Bearer abc\u{301}"],
    ])
    func anythingElseIsMalformed(_ values: [String]) {
        #expect(BearerToken.parse(authorizationHeader: values) == .malformed)
    }
}
