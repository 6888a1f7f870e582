import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// Serves Stripe's API under `/v1` and `/v2`.
struct APIController: Sendable {
    private static let bodyLimit = 1 << 20

    let sandbox: Sandbox

    func addRoutes(to router: Router<SandboxRequestContext>) {
        for method: HTTPRequest.Method in [.get, .post, .delete, .put, .patch, .head] {
            for path: RouterPath in ["/v1/**", "/v2/**"] {
                router.on(path, method: method) { request, context in
                    try await respond(to: request, context)
                }
            }
        }
    }

    private func respond(to request: Request, _ context: SandboxRequestContext) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.bodyLimit)
        let target = request.head.path ?? "/"
        let path = target.prefix { $0 != "?" }
        let parameters = FormDecoder.parameters(ofTarget: target, body: String(buffer: body))
        let authorization = request.headers[.authorization]
        let call = APICall(
            method: request.method.rawValue,
            path: String(path),
            parameters: parameters,
            authorization: authorization,
            idempotencyKey: request.headers[.idempotencyKey],
            apiVersion: request.headers[.stripeVersion]
        )
        return try await Response(process(call, context))
    }

    private func process(_ call: APICall, _ context: SandboxRequestContext) async throws -> APIReply {
        let admission = sandbox.withState { $0.admit(call) }
        switch admission {
        case .reply(let reply, let delay):
            if delay > .zero { try await sandbox.configuration.clock.sleep(for: delay) }
            return reply
        case .proceed(let admitted):
            do {
                if admitted.delay > .zero { try await sandbox.configuration.clock.sleep(for: admitted.delay) }
                if admitted.reset == .beforeProcessing { try await context.resetConnection() }
            } catch {
                sandbox.withState { $0.abandon(admitted) }
                throw error
            }
            let reply = sandbox.withState { $0.execute(admitted) }
            if admitted.hold > .zero { try await sandbox.configuration.clock.sleep(for: admitted.hold) }
            if admitted.reset == .afterProcessing { try await context.resetConnection() }
            return reply
        }
    }
}

extension HTTPField.Name {
    fileprivate static let idempotencyKey = stripe("Idempotency-Key")
    fileprivate static let stripeVersion = stripe("Stripe-Version")
    fileprivate static let requestID = stripe("Request-Id")
}

extension Response {
    fileprivate init(_ reply: APIReply) {
        var headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-cache, no-store"]
        for (name, value) in reply.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        headers[.requestID] = reply.requestID
        headers[.renderedAt] = reply.date.map { String($0) }
        self.init(
            status: .init(code: reply.status),
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: reply.body.bytes))
        )
    }
}
