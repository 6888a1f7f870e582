import Portal
import Testing

@Suite struct ReturnURLsTests {
    private static let urls = ReturnURLs(
        base: "https://app.example.com/app",
        fallback: "https://app.example.com/app/billing",
        origins: ["https://app.example.com", "http://localhost:3000", "https://[::1]:8443"]
    )

    @Test(arguments: [
        ("/", "https://app.example.com/app/"),
        ("/account", "https://app.example.com/app/account"),
        ("/account/?tab=billing&next=https://other.example//x#top", "https://app.example.com/app/account/?tab=billing&next=https://other.example//x#top"),
        ("/?a[b]=1", "https://app.example.com/app/?a[b]=1"),
        ("/a%20b", "https://app.example.com/app/a%20b"),
        ("/?next=%2Fa%0Ab", "https://app.example.com/app/?next=%2Fa%0Ab"),
        ("/@evil.example", "https://app.example.com/app/@evil.example"),
        ("/:evil", "https://app.example.com/app/:evil"),
        // Dot segments lead to nobody's parent.
        ("/a/./b/../c", "https://app.example.com/app/a/c"),
        ("/../../etc", "https://app.example.com/app/etc"),
        ("/a/..", "https://app.example.com/app/"),
        ("/a/.", "https://app.example.com/app/a/"),
        ("/..", "https://app.example.com/app/"),
        ("/%2e%2E/a/%2e/b", "https://app.example.com/app/a/b"),
        ("/.%2e/x/...", "https://app.example.com/app/x/..."),
        // In full.
        ("https://app.example.com", "https://app.example.com/"),
        ("https://app.example.com/elsewhere", "https://app.example.com/elsewhere"),
        ("https://app.example.com?a=1", "https://app.example.com/?a=1"),
        ("https://app.example.com#a", "https://app.example.com/#a"),
        ("HTTPS://App.Example.COM:443/a", "https://app.example.com/a"),
        ("https://app.example.com:0443/a", "https://app.example.com/a"),
        ("https://app.example.com/../a", "https://app.example.com/a"),
        ("https://app.example.com/a@evil.example", "https://app.example.com/a@evil.example"),
        ("https://app.example.com?@evil.example/", "https://app.example.com/?@evil.example/"),
        ("http://localhost:3000/a", "http://localhost:3000/a"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a"),
    ])
    func leadsBack(_ path: String, url: String) throws {
        #expect(try Self.urls.url(for: path) == url)
    }

    /// What has opened other people's redirects.
    @Test(arguments: [
        "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
        "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "\u{0}//evil.example",
        "/%09/evil.example", "/%0a/evil.example", "/%0D/evil.example", "/%00/evil", "/%7f/evil", "/%2Fevil.example",
        "/%2f%2fevil.example", "/%5Cevil.example", "/%5c%5cevil.example", "/..//evil.example", "/.//evil.example",
        "/a/..//evil.example", "/%2e%2e//evil.example", "/a//b",
        "https:evil.example", "https:/evil.example", "https:///evil.example", "https:\\\\evil.example", "https://",
        "http:///evil.example", "https://?", "https://#", "https://:443/",
        "https://evil.example", "https://app.example.com@evil.example", "https://app.example.com:pw@evil.example",
        "https://evil.example@app.example.com", "https://@app.example.com", "https://user@app.example.com/",
        "https://app.example.com%40evil.example", "https://app.example.com.evil.example", "https://app.example.com.",
        "https://evilapp.example.com", "https://example.com", "https://sub.app.example.com",
        "https://app.example.com:8443", "https://app.example.com:80", "https://app.example.com:", "https://app.example.com:0",
        "https://app.example.com:443443", "https://app.example.com:65979", "https://app.example.com:-443",
        "https://app.example.com:4 43", "https://app.example.com:443:443",
        "http://app.example.com", "http://app.example.com:443", "ftp://app.example.com", "wss://app.example.com",
        "javascript:alert(1)", "javascript://app.example.com/%0aalert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x",
        "vbscript:x", "blob:https://app.example.com/x", "view-source:https://app.example.com",
        "https://аpp.example.com", "https://app.example.com/é", "https://app。example。com", "https://app.example.com／",
        "https://xn--pp-8kc.example.com", "https://[::1]", "https://[::1]:443", "https://[::ffff:127.0.0.1]:8443",
        "https://app.example.com\\.evil.example", "https://app.example.com\\@evil.example", "https://app.example.com\t",
        "https://app.example.com\r\nLocation: https://evil.example", "https://app.example.com/%0d%0aLocation:x",
        "https://app.example.com//evil.example", "https://app.example.com/%2Fevil.example",
        "app.example.com", "billing", "./billing", "../billing", "?a=1", "#a", "", "%2Fbilling", "*",
        "/%", "/%2", "/%zz", "/a?b=%", "/<script>", "/\"", "/{CHECKOUT_SESSION_ID}", "/a|b", "/^", "/`",
        "/\u{7F}", "/\u{200B}", "/\u{202E}",
    ])
    func leadsNowhereElse(_ path: String) throws {
        let fault = #expect(throws: ParameterFault.self) { try Self.urls.url(for: path) }
        #expect(fault?.parameter == "return_path")
        #expect(fault?.message.hasSuffix(".") == true)
        #expect(fault?.message.contains("evil") == false)
    }

    @Test func isNotLongerThanItsLimit() throws {
        let longest = "/" + String(repeating: "a", count: ReturnURLs.longest - 1)
        #expect(try Self.urls.url(for: longest).utf8.count == "https://app.example.com/app".utf8.count + 2048)
        #expect(throws: ParameterFault.self) { try Self.urls.url(for: longest + "a") }
        #expect(throws: ParameterFault.self) { try Self.urls.url(for: "/" + String(repeating: "a/", count: 1_000_000)) }
    }

    /// Whatever is taken stays at an allowed origin: no text that is put together from the parts of attacks leads away.
    @Test func nothingThatIsTakenLeavesTheOrigins() throws {
        let parts = [
            "/", "//", "\\", "..", ".", "%2e", "%2f", "%5c", "%09", "@", ":", "?", "#", "https:", "http://", "evil.example",
            "app.example.com", "https://app.example.com", ":443", "a", "%", "\t", "localhost:3000",
        ]
        let starts = ["https://app.example.com/", "http://localhost:3000/", "https://[::1]:8443/"]
        var taken = 0
        for first in ["", "/", "/a", "https://app.example.com", "https://"] {
            for second in parts {
                for third in parts {
                    let text = first + second + third
                    guard let url = try? Self.urls.url(for: text) else { continue }
                    taken += 1
                    let start = starts.first { url.hasPrefix($0) }
                    let path = url.dropFirst(start?.utf8.count ?? 0).prefix { $0 != "?" && $0 != "#" }
                    let isPlain = !path.hasPrefix("/") && !path.contains("\\") && !path.split(separator: "/").contains("..")
                    if start == nil || !isPlain { Issue.record("\(text) leads to \(url)") }
                }
            }
        }
        #expect(taken > 400)
    }
}
