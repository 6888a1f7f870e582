internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// Writes one line for each request.
///
/// The path is the route's, since a client may put anything into its own.
struct RequestLogMiddleware: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request,
        context: RequestRecordContext,
        next: (Request, RequestRecordContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        // 501 is the client's fault, unlike the others from 500.
        let isFault = response.status.code >= 500 && response.status != .notImplemented
        let level: Logger.Level = isFault ? .warning : .info
        if logger.logLevel <= level {
            var metadata = context.record.metadata
            metadata["request"] = .string(context.record.id.text)
            metadata["method"] = .string(Endpoint.methods.contains(request.method) ? request.method.rawValue : "other")
            metadata["route"] = .string(context.endpointPath ?? "none")
            metadata["status"] = .stringConvertible(response.status.code)
            metadata["milliseconds"] = .string(milliseconds(ContinuousClock.now - start))
            logger.log(level: level, "request", metadata: metadata)
        }
        return response
    }

    private func milliseconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let tenths = seconds * 10_000 + attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
