import Foundation
import HTTPTypes
import Hummingbird
import Portal
import Sandbox
import Web

/// The page that stands in for the operator's application, and what the application's server would do for it.
struct DemoEndpoints {
    let signer: TokenSigner
    let account: DemoAccount
    /// The page's own URL.
    let page: String

    private struct Token: Encodable {
        var token: String
    }

    private struct Checkout: Encodable {
        var url: String
    }

    var all: [Endpoint] {
        [
            .get("/demo", .page),
            .get("/demo/demo.css", .styles),
            .get("/demo/demo.js", .script),
            .get("/demo/token/{user}") { [signer] _, context in
                let user = try context.parameters.require("user")
                let token = try await signer.token(for: user, expiring: Date.now.addingTimeInterval(3600))
                return try Self.json(Token(token: token))
            },
            .post("/demo/checkout/{user}") { [account, page] _, context in
                let user = try context.parameters.require("user")
                return try Self.json(Checkout(url: try account.checkout(for: user, returningTo: page)))
            },
        ]
    }

    private static func json(_ body: some Encodable) throws -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: try JSONText.of(body)))
        )
    }
}

extension StaticAsset {
    fileprivate static let page = Self(
        PackageResources.demo_html,
        contentType: "text/html; charset=utf-8",
        cacheControl: "no-cache",
        headers: [.contentSecurityPolicy: policy]
    )
    fileprivate static let styles = Self(
        PackageResources.demo_css,
        contentType: "text/css; charset=utf-8",
        cacheControl: "no-cache"
    )
    fileprivate static let script = Self(
        PackageResources.demo_js,
        contentType: "text/javascript; charset=utf-8",
        cacheControl: "no-cache"
    )

    /// Nothing inline, nothing from elsewhere, and no other site may frame the page: <https://www.w3.org/TR/CSP3/>.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src data:",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    ].joined(separator: "; ")
}
