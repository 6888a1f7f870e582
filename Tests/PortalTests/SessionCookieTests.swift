import Testing

@testable import Portal

@Suite struct SessionCookieTests {
    private func read(_ headers: String..., name: String = "session") throws -> SessionCookie.Reading {
        try #require(SessionCookie(name: name)).read(headers)
    }

    @Test(arguments: ["", " ", "a b", "a=b", "a;b", "a,b", "a\"", "é", "a\r\n", "a\u{0}", "(a)", "a/b"])
    func whatIsNoTokenIsNoName(_ name: String) {
        #expect(SessionCookie(name: name) == nil)
    }

    @Test(arguments: ["session", "__Host-session", "__Secure-id", "connect.sid", "SID", "a!#$%&'*+-.^_`|~9"])
    func aTokenIsAName(_ name: String) throws {
        #expect(try read("\(name)=x", name: name) == .session("x"))
    }

    @Test(arguments: [
        "session=abc", " session=abc ", "a=b; session=abc", "a=b;session=abc;c=d", "session = abc", "\tsession\t=\tabc\t",
        #"session="abc""#, "; ;session=abc;;", "nameless; session=abc", "session2=x; session=abc; xsession=y", "=x; session=abc",
        "SESSION=x; session=abc", "a=b;\u{301}; session=abc", "a=session=x; session=abc",
    ])
    func findsTheCookie(_ header: String) throws {
        #expect(try read(header) == .session("abc"))
    }

    @Test func joinsSeveralHeaders() throws {
        #expect(try read("a=b", "session=abc", "c=d") == .session("abc"))
        #expect(try read("a=b", "c=session=abc") == .none)
        #expect(try read("session=abc", "session=abc") == .malformed)
    }

    @Test func keepsAllThatAValueMayHave() throws {
        #expect(try read("session=a=b==") == .session("a=b=="))
        #expect(try read("session=!#$%&'()*+-./:<=>?@[]^_`{|}~") == .session("!#$%&'()*+-./:<=>?@[]^_`{|}~"))
        #expect(try read("session=\(String(repeating: "x", count: 4096))") == .session(String(repeating: "x", count: 4096)))
    }

    @Test(arguments: ["", "a=b", "session", "session=", #"session="""#, "session= ", "Session=abc", "sessio=n=abc", ";"])
    func anEmptyValueIsNone(_ header: String) throws {
        #expect(try read(header) == .none)
        #expect(try #require(SessionCookie(name: "session")).read([]) == .none)
    }

    @Test(arguments: [
        "session=a; session=b", "session=a;session=a", "session=; session=a", #"session=a"b"#, #"session="a"#, #"session=""a"""#,
        "session=a b", "session=a,b", #"session=a\b"#, "session=a\u{7F}", "session=\u{301}a", "session=a; session=\u{301}b", "session=é", "session=a\u{1}",
        "session=\"",
        "session=\(String(repeating: "x", count: 4097))",
    ])
    func whatNoServerSetsIsMalformed(_ header: String) throws {
        #expect(try read(header) == .malformed)
    }

    @Test(arguments: [
        (["https://app.example.com"], [], true), (["https://app.example.com"], ["cross-site"], true),
        ([], ["same-origin"], true), ([], ["same-origin", "same-origin"], false), ([], [], false), ([], ["same-site"], false),
        ([], ["none"], false), ([], ["cross-site"], false), ([], ["Same-Origin"], false), ([], [""], false),
        (["null"], ["same-origin"], false), (["https://evil.example"], ["same-origin"], false), ([""], ["same-origin"], false),
        (["https://app.example.com", "https://app.example.com"], [], false), (["https://APP.example.com"], [], false),
        (["https://app.example.com/"], [], false), (["http://app.example.com"], [], false),
        (["https://app.example.com.evil.example"], [], false), (["https://app.example.com:8443"], [], false),
    ])
    func aPageOfOursAsks(_ origin: [String], _ fetchSite: [String], _ passes: Bool) {
        let check = SiteCheck(allowedOrigins: ["https://app.example.com", "null"])
        #expect(check.passes(origin: origin, fetchSite: fetchSite) == passes)
    }
}
