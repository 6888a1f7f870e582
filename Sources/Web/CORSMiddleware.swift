internal import HTTPTypes
internal import Hummingbird

/// Lets the operator's own frontend call from its origin, and no other. https://fetch.spec.whatwg.org/#http-cors-protocol
struct CORSMiddleware: RouterMiddleware {
    /// Scheme, host and port, as browsers send them.
    let allowedOrigins: Set<String>
    /// Whether a browser may send its cookies along.
    let allowsCredentials: Bool

    func handle(
        _ request: Request,
        context: RequestRecordContext,
        next: (Request, RequestRecordContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        // Also without an origin: a cache must not give one origin's answer to another.
        response.headers[.vary] = "Origin"
        guard let origin = request.headers[.origin], allowedOrigins.contains(origin) else { return response }
        response.headers[.accessControlAllowOrigin] = origin
        if allowsCredentials { response.headers[.accessControlAllowCredentials] = "true" }
        response.headers[.accessControlExposeHeaders] =
            "Retry-After, Portald-Mirror-Age, Portald-Mirror-Lag, Portald-Request-Id"
        if request.method == .options {
            response.headers[.accessControlAllowMethods] = response.headers[.allow]
            response.headers[.accessControlAllowHeaders] = "authorization, content-type, portald-after"
            response.headers[.accessControlMaxAge] = "600"
        }
        return response
    }
}
