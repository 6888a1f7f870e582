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
    }

    private func respond(
        to request: Request,
        with failure: HTTPFailure,
        _ record: RequestRecord
    ) throws -> Response {
        record.note("code", failure.code)
        record.note("cause", failure.cause)
        guard request.uri.path.hasPrefix("/webhooks/") else {
            return try .json(
                APIBody(code: failure.code, message: failure.message),
                status: failure.status,
                headers: failure.headers
            )
        }
        let body = WebhookBody(error: .init(code: failure.code, message: failure.message))
        return try .json(body, status: failure.status, headers: failure.headers)
    }
}
