internal import Glibc
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix

/// An HTTP server on loopback that answers with bytes as a test says, and keeps what it received.
package final class RawServer: Sendable {
    package enum Answer: Sendable {
        /// Sends and keeps the connection open.
        case send(String)
        /// Sends and closes in order.
        case sendAndClose(String)
        /// Sends, then resets the connection as a crashed peer would.
        case sendAndReset(String)
        /// Resets without a word.
        case reset
        /// Never answers.
        case silence
    }

    package struct Received: Sendable {
        /// Which connection, and which request of all, from 0.
        package let connection: Int
        package let index: Int
        package let head: String
        package let body: String

        package var requestLine: String { String(head.prefix { $0 != "\r\n" }) }

        package func header(_ name: String) -> String? {
            head.split(separator: "\r\n").dropFirst()
                .first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                .map { $0.drop { $0 != ":" }.dropFirst().trimmingPrefix(" ") }
                .map(String.init)
        }
    }

    package typealias Script = @Sendable (Received) async -> Answer

    /// Each request as it arrives.
    package let requests: AsyncStream<Received>
    private let log: RequestLog
    private let channel: any Channel

    package var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    package var received: [Received] { log.received }
    package var connections: Int { log.connections }

    private init(_ script: @escaping Script) async throws {
        let (requests, continuation) = AsyncStream.makeStream(of: Received.self)
        let log = RequestLog(continuation)
        self.requests = requests
        self.log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 512)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(log, script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Runs a server for the time of `body`.
    package static func run<Result>(
        _ script: @escaping Script,
        _ body: (RawServer) async throws -> Result
    ) async throws -> Result {
        let server = try await RawServer(script)
        let result: Result
        do {
            result = try await body(server)
        } catch {
            try await server.channel.close()
            throw error
        }
        try await server.channel.close()
        return result
    }

    /// A complete reply with its `Content-Length`.
    package static func reply(_ status: Int, _ headers: [String: String] = [:], _ body: String = "") -> String {
        let fields = headers.merging(["Content-Length": String(body.utf8.count)]) { own, _ in own }
        let lines = fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
        return "HTTP/1.1 \(status) Some Reason\r\n\(lines)\r\n\(body)"
    }
}

private final class RequestLog: Sendable {
    private struct State: Sendable {
        var received: [RawServer.Received] = []
        var connections = 0
    }

    private let state = NIOLockedValueBox(State())
    private let stream: AsyncStream<RawServer.Received>.Continuation

    init(_ stream: AsyncStream<RawServer.Received>.Continuation) {
        self.stream = stream
    }

    var received: [RawServer.Received] { state.withLockedValue { $0.received } }
    var connections: Int { state.withLockedValue { $0.connections } }

    func connected() -> Int {
        state.withLockedValue { state in
            state.connections += 1
            return state.connections - 1
        }
    }

    func record(connection: Int, head: String, body: String) -> RawServer.Received {
        let received = state.withLockedValue { state in
            let received = RawServer.Received(
                connection: connection,
                index: state.received.count,
                head: head,
                body: body
            )
            state.received.append(received)
            return received
        }
        stream.yield(received)
        return received
    }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let log: RequestLog
    private let script: RawServer.Script
    private var connection = 0
    private var buffer = ""

    init(_ log: RequestLog, _ script: @escaping RawServer.Script) {
        self.log = log
        self.script = script
    }

    func channelActive(context: ChannelHandlerContext) {
        connection = log.connected()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        buffer += String(buffer: unwrapInboundIn(data))
        guard let end = buffer.firstRange(of: "\r\n\r\n") else { return }
        let head = String(buffer[..<end.lowerBound])
        let length =
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? 0
        let body = String(buffer[end.upperBound...])
        guard body.utf8.count >= length else { return }
        buffer = ""
        let received = log.record(connection: connection, head: head, body: body)
        let channel = context.channel
        let script = script
        channel.eventLoop.makeFutureWithTask { await script(received) }.whenSuccess { Self.answer($0, on: channel) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private static func answer(_ answer: RawServer.Answer, on channel: any Channel) {
        switch answer {
        case .silence:
            break
        case .send(let text):
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        case .sendAndClose(let text):
            channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
        case .sendAndReset(let text):
            channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in reset(channel) }
        case .reset:
            reset(channel)
        }
    }

    /// Closing with a linger time of zero sends RST in place of FIN.
    private static func reset(_ channel: any Channel) {
        (channel as! any SocketOptionProvider).setSoLinger(linger(l_onoff: 1, l_linger: 0))
            .whenComplete { _ in channel.close(promise: nil) }
    }
}
