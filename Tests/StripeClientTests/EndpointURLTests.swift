import StripeClient
import Testing

@Suite struct EndpointURLTests {
    @Test(arguments: [
        ("https://api.stripe.com", "https://api.stripe.com", false),
        ("https://api.stripe.com/", "https://api.stripe.com", false),
        ("HTTPS://API.stripe.com:8443/base//", "https://API.stripe.com:8443/base", false),
        ("http://127.0.0.1:12111", "http://127.0.0.1:12111", true),
        ("http://127.8.9.10", "http://127.8.9.10", true),
        ("http://127.1/", "http://127.0.0.1", true),
        ("http://[::1]:8080", "http://[::1]:8080", true),
        ("http://localhost:1", "http://localhost:1", true),
        ("https://localhost", "https://localhost", true),
    ])
    func accepts(written: String, normal: String, isLoopback: Bool) throws {
        let url = try EndpointURL(written)
        #expect(url.string == normal)
        #expect(url.isLoopback == isLoopback)
        #expect(url.isHTTPS == normal.hasPrefix("https"))
    }

    @Test(arguments: [
        ("", EndpointURL.Invalid.malformed),
        ("api.stripe.com", .malformed),
        ("https://", .malformed),
        ("https://a b", .malformed),
        ("https://host\0.example", .malformed),
        ("ftp://127.0.0.1", .scheme("ftp")),
        ("file:///etc/passwd", .malformed),
        ("http://api.stripe.com", .insecure),
        ("http://10.0.0.1", .insecure),
        ("http://128.0.0.1", .insecure),
        ("http://0.0.0.0", .insecure),
        ("http://[::2]", .insecure),
        ("http://[::ffff:127.0.0.1]", .insecure),
        ("http://localhost.example.com", .insecure),
        ("http://127.0.0.1.example.com", .insecure),
        ("http://127.0.0.1@example.com", .credentials),
        ("http://example.com#@127.0.0.1", .suffix),
        ("https://user:secret@api.stripe.com", .credentials),
        ("https://api.stripe.com?a=1", .suffix),
        ("https://api.stripe.com/#a", .suffix),
    ])
    func refuses(written: String, reason: EndpointURL.Invalid) {
        #expect(throws: reason) { try EndpointURL(written) }
        #expect(!reason.description.contains("secret"))
    }

    @Test(arguments: [
        ("https://id.example/o/introspect/", "https://id.example/o/introspect/"),
        ("https://id.example/keys?p=b2c&x=1", "https://id.example/keys?p=b2c&x=1"),
        ("http://127.0.0.1:9/keys", "http://127.0.0.1:9/keys"), ("HTTPS://ID.example", "https://ID.example/"),
    ])
    func aResourceKeepsItsQueryAndSlash(_ text: String, _ expected: String) throws {
        #expect(try EndpointURL(resource: text).string == expected)
    }

    @Test(arguments: [
        ("https://id.example/keys#x", EndpointURL.Invalid.suffix), ("http://id.example/keys", .insecure),
        ("https://u:p@id.example/keys", .credentials), ("ftp://id.example/keys", .scheme("ftp")), ("/etc/keys", .malformed),
    ])
    func aResourceIsAsSafeAsAnyOther(_ text: String, _ error: EndpointURL.Invalid) {
        #expect(throws: error) { try EndpointURL(resource: text) }
    }
}
