public import Hummingbird
internal import NIOConcurrencyHelpers

/// Answers each request with what is in force when it comes in; those that are being answered go on with what was.
public struct ReplaceableResponder<Responder: HTTPResponder>: HTTPResponder {
    private let current: NIOLockedValueBox<Responder>

    /// - Parameter responder: What is in force at first.
    public init(_ responder: Responder) {
        current = NIOLockedValueBox(responder)
    }

    /// Puts another in force, for all requests from now on, on old connections too.
    public func replace(with responder: Responder) {
        current.withLockedValue { $0 = responder }
    }

    /// Answers one request.
    ///
    /// - Throws: What the responder in force throws.
    public func respond(to request: Request, context: Responder.Context) async throws -> Response {
        try await current.withLockedValue { $0 }.respond(to: request, context: context)
    }
}
