internal import FoundationEssentials
public import HTTPTypes
public import Hummingbird
internal import Stripe

/// A file that is part of the program, as a listener serves it.
///
/// Clients keep it for a while, and then ask with its entity tag whether it has changed (RFC 9110 §13.1.2).
public struct StaticAsset: Sendable {
    /// For what has no version in its path: an hour at most until a new version is in use, and no page waits for it
    /// (RFC 5861 §3).
    public static let cacheControl = "public, max-age=3600, stale-while-revalidate=86400"

    private let bytes: ByteBuffer
    private let headers: HTTPFields
    private let entityTag: String

    /// Takes a file.
    ///
    /// - Parameters:
    ///   - bytes: Its content.
    ///   - contentType: Its media type.
    ///   - cacheControl: How long it may be kept.
    ///   - headers: Further headers of each response with it.
    public init(
        _ bytes: [UInt8],
        contentType: String,
        cacheControl: String = Self.cacheControl,
        headers: HTTPFields = [:]
    ) {
        self.bytes = ByteBuffer(bytes: bytes)
        entityTag = "\"\(Data(Digest.sha256(bytes)).base64EncodedString())\""
        var headers = headers
        headers[.contentType] = contentType
        headers[.cacheControl] = cacheControl
        headers[.eTag] = entityTag
        // A browser must not take it for something else: https://fetch.spec.whatwg.org/#x-content-type-options-header
        headers[.xContentTypeOptions] = "nosniff"
        self.headers = headers
    }

    func response(to request: Request) -> Response {
        let response = Response(status: .ok, headers: headers, body: .init(byteBuffer: bytes))
        guard isKnown(to: request) else { return response }
        var notModified = response.createHeadResponse()
        notModified.status = .notModified
        return notModified
    }

    private func isKnown(to request: Request) -> Bool {
        guard let tags = request.headers[.ifNoneMatch] else { return false }
        // Among several, and where a proxy that compresses has made it a weak one.
        return tags == "*" || tags.contains(entityTag)
    }
}

extension Endpoint {
    /// A path with a file.
    public static func get(_ path: RouterPath, _ asset: StaticAsset) -> Endpoint {
        .get(path) { request, _ in asset.response(to: request) }
    }
}

extension StaticAsset {
    /// The module for browsers.
    static let module = Self(PackageResources.portald_js, contentType: "text/javascript; charset=utf-8")

    /// The module's types, for TypeScript; no media type is registered for them.
    static let moduleTypes = Self(PackageResources.portald_d_ts, contentType: "text/plain; charset=utf-8")

    /// The description of the public listener.
    static let openAPI = Self(PackageResources.openapi_json, contentType: "application/json")
}
