import HTTPTypes
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import NIOCore

@testable import Sandbox

/// A real HTTP server that receives deliveries and answers as a test wants.
final class WebhookReceiver: Sendable {
    struct Received: Sendable {
        var headers: HTTPFields
        var text: String
        var event: JSONObject

        var id: String { event["id"]?.string ?? "" }
        var type: String { event["type"]?.string ?? "" }
    }

    private let answers: NIOLockedValueBox<[HTTPResponse.Status]>
    private let log = NIOLockedValueBox<[Received]>([])
    private let (stream, continuation) = AsyncStream.makeStream(of: Received.self)

    /// - Parameter answers: The first answers; all later ones are 200.
    init(answers: [HTTPResponse.Status]) {
        self.answers = NIOLockedValueBox(answers)
    }

    var received: [Received] { log.withLockedValue { $0 } }

    /// The deliveries from the start, as they come.
    var deliveries: AsyncStream<Received> { stream }

    fileprivate func handle(_ request: Request) async throws -> Response {
        let text = String(buffer: try await request.body.collect(upTo: 1 << 20))
        let received = Received(headers: request.headers, text: text, event: try JSONObject(parsing: text))
        log.withLockedValue { $0.append(received) }
        continuation.yield(received)
        let status = answers.withLockedValue { $0.isEmpty ? .ok : $0.removeFirst() }
        return Response(status: status, headers: [.location: "http://127.0.0.1:1/elsewhere"])
    }
}

/// Runs a receiver on a port of the system's choice while the body runs; gives its URL.
func withReceiver<Value: Sendable>(
    answers: [HTTPResponse.Status] = [],
    _ body: @Sendable (WebhookReceiver, String) async throws -> Value
) async throws -> Value {
    let receiver = WebhookReceiver(answers: answers)
    let router = Router()
    router.post("/hooks") { request, _ in try await receiver.handle(request) }
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "receiver")
    logger.logLevel = .critical
    let application = Application(
        router: router,
        configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in
            if let port = channel.localAddress?.port { continuation.yield(port) }
            continuation.finish()
        },
        logger: logger
    )
    return try await withThrowingTaskGroup { group in
        group.addTask { try await application.run() }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next() else { throw CancellationError() }
        let value = try await body(receiver, "http://127.0.0.1:\(port)/hooks")
        group.cancelAll()
        return value
    }
}
