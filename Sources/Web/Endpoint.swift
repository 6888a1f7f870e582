internal import HTTPTypes
public import Hummingbird

/// What a path answers, by method.
///
/// Every other method gets 405 with `Allow`, and OPTIONS says what there is.
public struct Endpoint: Sendable {
    /// Answers one request.
    public typealias Handler = @Sendable (Request, RequestRecordContext) async throws -> Response

    /// The methods that are answered, if only with 405; all others get 501.
    static let methods: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
    ]

    var path: RouterPath
    var handlers: [HTTPRequest.Method: Handler]

    /// A path that is read.
    public static func get(_ path: RouterPath, _ handler: @escaping Handler) -> Endpoint {
        Endpoint(
            path: path,
            handlers: [
                .get: handler,
                .head: { request, context in try await handler(request, context).createHeadResponse() },
            ]
        )
    }

    /// A path that is posted to.
    public static func post(_ path: RouterPath, _ handler: @escaping Handler) -> Endpoint {
        Endpoint(path: path, handlers: [.post: handler])
    }

    func add(to router: Router<RequestRecordContext>) {
        let allowed = (Array(handlers.keys) + [.options]).sorted { $0.rawValue < $1.rawValue }
        for method in Self.methods where method != .options {
            let handler = handlers[method] ?? { _, _ in throw HTTPFailure.methodNotAllowed(allowed) }
            router.on(path, method: method) { try await handler($0, $1) }
        }
        router.on(path, method: .options) { _, _ in
            Response(
                status: .noContent,
                headers: [.allow: allowed.map(\.rawValue).joined(separator: ", "), .cacheControl: "no-store"]
            )
        }
    }
}
