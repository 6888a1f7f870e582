internal import HTTPTypes
internal import Hummingbird
internal import MirrorStore

/// The status page with its style and its script.
struct StatusPageEndpoints: Sendable {
    let renderer: StatusPageRenderer

    var all: [Endpoint] {
        [
            .get("/") { request, _ in
                guard Self.isAddressedDirectly(request) else { throw HTTPFailure.misdirected }
                return Response(
                    status: .ok,
                    headers: Self.headers,
                    body: .init(byteBuffer: ByteBuffer(string: try await renderer.page()))
                )
            },
            .get("/status.css", .statusStyles),
            .get("/status.js", .statusScript),
        ]
    }

    private static let headers: HTTPFields = [
        .contentType: "text/html; charset=utf-8",
        .cacheControl: "no-store",
        .contentSecurityPolicy: policy,
        .xContentTypeOptions: "nosniff",
    ]

    /// Nothing inline, nothing from elsewhere, and no other site may frame the page: <https://www.w3.org/TR/CSP3/>.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src data:",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    /// Whether the page was asked for by an address or as `localhost`.
    ///
    /// A name that somebody else has pointed at this machine would let their site's script read the page in the operator's
    /// browser: <https://en.wikipedia.org/wiki/DNS_rebinding>.
    private static func isAddressedDirectly(_ request: Request) -> Bool {
        guard let authority = request.head.authority else { return false }
        let host = authority.hasSuffix("]") ? authority[...] : authority.prefix { $0 != ":" }
        if authority.hasPrefix("[") { return true }
        return host == "localhost" || host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (48...57).contains($0) }
    }
}

extension StaticAsset {
    fileprivate static let statusStyles = Self(
        PackageResources.status_css,
        contentType: "text/css; charset=utf-8",
        cacheControl: "no-cache"
    )
    fileprivate static let statusScript = Self(
        PackageResources.status_js,
        contentType: "text/javascript; charset=utf-8",
        cacheControl: "no-cache"
    )
}
