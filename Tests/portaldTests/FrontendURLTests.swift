import Testing

@testable import portald

@Suite struct FrontendURLTests {
    @Test(arguments: [
        ("https://app.example.com", "https://app.example.com", ""),
        ("https://app.example.com/", "https://app.example.com", ""),
        ("https://app.example.com//", "https://app.example.com", ""),
        ("HTTPS://App.Example.COM", "https://app.example.com", ""),
        ("https://app.example.com:443", "https://app.example.com", ""),
        ("http://app.example.com:80", "http://app.example.com", ""),
        ("https://app.example.com:80", "https://app.example.com:80", ""),
        ("http://app.example.com:443", "http://app.example.com:443", ""),
        ("http://localhost:3000", "http://localhost:3000", ""),
        ("https://app.example.com:0443", "https://app.example.com", ""),
        ("https://app.example.com:", "https://app.example.com", ""),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000", ""),
        ("http://[::1]:3000", "http://[::1]:3000", ""),
        ("http://[::1]:80", "http://[::1]", ""),
        ("https://[2001:DB8::A]", "https://[2001:db8::a]", ""),
        ("https://app.example.com/shop", "https://app.example.com", "/shop"),
        ("https://app.example.com/Shop/v1/", "https://app.example.com", "/Shop/v1"),
        ("https://app.example.com/a%20b", "https://app.example.com", "/a%20b"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", ""),
    ])
    func takesApart(_ text: String, origin: String, path: String) throws {
        let url = try #require(FrontendURL(text))
        #expect(url.origin == origin)
        #expect(url.base == origin + path)
    }

    @Test(arguments: [
        "", " ", "app.example.com", "/billing", "//app.example.com", "https://", "https:///billing", "https:app.example.com",
        "ftp://app.example.com", "javascript:alert(1)", "null", "*", "https://app.example.com?", "https://app.example.com?a=b",
        "https://app.example.com/#", "https://app.example.com#top", "https://user@app.example.com",
        "https://user:password@app.example.com", "https://:password@app.example.com", "https://@app.example.com",
        " https://app.example.com", "https://app.example.com ", "https://app.example.com\n", "https://app example.com",
        "https://app.example.com:port", "https://app.example.com:99999", "https://app.example.com:0", "https://::1", "https://[::1",
        "https://app.example.com, https://other.example.com", "https://*.example.com", "https://b\u{FC}cher.example",
        "https://app.ex%61mple.com",
    ])
    func refuses(_ text: String) {
        #expect(FrontendURL(text) == nil)
    }
}
