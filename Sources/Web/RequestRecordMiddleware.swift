internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import MirrorStore

/// Gives every response the request's name, one that was decided from the mirror its age, and the journal what signed-in
/// users were answered.
struct RequestRecordMiddleware: RouterMiddleware {
    let journal: RequestJournal

    func handle(
        _ request: Request,
        context: RequestRecordContext,
        next: (Request, RequestRecordContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var response = try await next(request, context)
        let record = context.record
        response.headers.set(PortaldHeader.requestID, record.id.text)
        response.headers.set(PortaldHeader.mirrorAge, record.reading?.age.map(String.init))
        if let user = record.user {
            journal.append(
                AnsweredRequest(
                    id: record.id.text,
                    user: user,
                    at: record.reading?.at ?? Date.now.timeIntervalSince1970,
                    endpoint: context.endpointPath ?? "none",
                    code: record.value("code") ?? record.value("answer") ?? "\(response.status.code)",
                    customer: record.value("customer"),
                    milliseconds: Int64((ContinuousClock.now - start) / .milliseconds(1))
                )
            )
        }
        return response
    }
}
