import Testing
import Web

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080"),
        ("localhost:0", "localhost", 0, "localhost:0"),
        ("0.0.0.0:65535", "0.0.0.0", 65535, "0.0.0.0:65535"),
        ("[::1]:8080", "::1", 8080, "[::1]:8080"),
        ("[fe80::1%eth0]:80", "fe80::1%eth0", 80, "[fe80::1%eth0]:80"),
        ("[127.0.0.1]:80", "127.0.0.1", 80, "127.0.0.1:80"),
    ])
    func reads(_ text: String, host: String, port: Int, description: String) throws {
        let address = try #require(ListenAddress(text))
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address.description == description)
        #expect(ListenAddress(description) == address)
    }

    @Test(arguments: [
        ("127.0.0.1:1", true), ("127.255.255.254:1", true), ("localhost:1", true), ("LocalHost:1", true), ("[::1]:1", true),
        ("[0:0:0:0:0:0:0:1]:1", true), ("0.0.0.0:1", false), ("[::]:1", false), ("10.0.0.1:1", false), ("128.0.0.1:1", false),
        ("127.1:1", false), ("127.0.0.1.example.com:1", false), ("localhost.example.com:1", false), ("[::2]:1", false),
        ("[::ffff:127.0.0.1]:1", false), ("[fe80::1%eth0]:1", false), ("1.127.0.0:1", false),
    ])
    func knowsLoopback(_ text: String, isLoopback: Bool) throws {
        #expect(try #require(ListenAddress(text)).isLoopback == isLoopback)
    }

    @Test(arguments: [
        "", ":", "localhost", "127.0.0.1", ":8080", "[]:8080", "::1:8080", "::1", "[::1]", "[::1]8080", "[::1:8080",
        "::1]:8080", "[localhost:80", "localhost]:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+80",
        "127.0.0.1:80a", "127.0.0.1: 80", "127.0.0.1 :80", "a b:80", "a/b:80", "*:80", "127.0.0.1:８０", "http://127.0.0.1:80",
        "127.0.0.1:80/", "127.0.0.1:80\n", "\n127.0.0.1:80",
    ])
    func refuses(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }
}
