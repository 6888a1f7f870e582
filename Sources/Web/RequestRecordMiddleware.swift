internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import MirrorStore

/// Gives every response the request's name, one that was decided from the mirror its age, and the journal what signed-in
/// users were answered.
struct RequestRecordMiddleware: RouterMiddleware {
    /// Nil where the mirror is another machine's, and nothing can be kept in it.
    let journal: RequestJournal?
    /// Whether answers tell how far the mirror lags.
    let tellsLag: Bool

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
        if tellsLag { response.headers.set(PortaldHeader.mirrorLag, record.reading?.lag.map(String.init)) }
        if let journal, let user = record.user {
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
