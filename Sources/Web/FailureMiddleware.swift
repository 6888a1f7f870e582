internal import HTTPTypes
internal import Hummingbird

/// Turns every error into the response that the table gives it; here, and nowhere else.
struct FailureMiddleware: RouterMiddleware {
    func handle(
        _ request: Request,
        context: RequestRecordContext,
        next: (Request, RequestRecordContext) async throws -> Response
    ) async throws -> Response {
        do {
            guard Endpoint.methods.contains(request.method) else { throw HTTPFailure.methodNotImplemented }
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            return try respond(to: request, with: .notFound, context.record)
        } catch {
            return try respond(to: request, with: HTTPFailure(error), context.record)
        }
    }

    /// What Stripe's Dashboard shows of a failed delivery.
    private struct WebhookBody: Encodable {
        struct Error: Encodable {
            var code: String
            var message: String
        }
        var error: Error
    }

    /// What a frontend reads.
    private struct APIBody: Encodable {
        var success = false
        var code: String
        var message: String
        /// Absent where no parameter is at fault.
        var parameter: String?
    }

    private func respond(
        to request: Request,
        with failure: HTTPFailure,
        _ record: RequestRecord
    ) throws -> Response {
        record.note("code", failure.code)
        record.note("cause", failure.cause)
        let response =
            if request.uri.path.hasPrefix("/webhooks/") {
                try Response.json(
                    WebhookBody(error: .init(code: failure.code, message: failure.message)),
                    status: failure.status,
                    headers: failure.headers
                )
            } else {
                try Response.json(
                    APIBody(code: failure.code, message: failure.message, parameter: failure.parameter),
                    status: failure.status,
                    headers: failure.headers
                )
            }
        // The client would take a body after HEAD for the next response.
        return request.method == .head ? response.createHeadResponse() : response
    }
}
