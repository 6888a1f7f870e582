internal import FoundationEssentials
public import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
internal import NIOExtras
internal import NIOPosix
public import ServiceLifecycle

/// Serves HTTP/1.1 on one listening socket.
///
/// It is a listener of our own, over Hummingbird's router and channel, so that the socket may be one that was opened
/// elsewhere. On shutdown it stops accepting, lets requests in flight finish, and closes idle connections.
public struct HTTPListener<Responder: HTTPResponder>: Service where Responder.Context == RequestRecordContext {
    /// What one client may take.
    public struct Limits: Sendable {
        /// How long a connection may be idle, or take to send a request's headers.
        public var idle: Duration = .seconds(60)
        /// How long a request's body may take to arrive.
        public var request: Duration = .seconds(30)
        /// Bytes of all headers of a request.
        public var headerBytes = 32 * 1024
        /// Headers of a request.
        public var headerCount = 100

        /// The limits that suit a daemon behind a reverse proxy.
        public init() {}
    }

    private let socket: ListeningSocket
    private let limits: Limits
    private let responder: Responder
    private let logger: Logger
    private let onListening: @Sendable (ListenAddress) async -> Void

    /// - Parameters:
    ///   - socket: Where to listen.
    ///   - limits: What one client may take.
    ///   - responder: Answers requests.
    ///   - logger: Logs where the socket is bound.
    ///   - onListening: Called with the bound address once connections are accepted.
    public init(
        socket: ListeningSocket,
        limits: Limits = Limits(),
        responder: Responder,
        logger: Logger,
        onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) {
        self.socket = socket
        self.limits = limits
        self.responder = responder
        self.logger = logger
        self.onListening = onListening
    }

    /// Listens until the service is shut down.
    ///
    /// - Throws: ``ListenError`` where the address cannot be listened on.
    public func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let quiescing = ServerQuiescingHelper(group: group)
        let http = channel
        let logger = logger
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        quiescing.makeServerChannelHandler(channel: channel)
                    )
                }
            }
        let server: NIOAsyncChannel<HTTP1Channel.Value, Never>
        do {
            switch socket {
            case .address(let address):
                server = try await bootstrap.bind(host: address.host, port: address.port) {
                    http.setup(channel: $0, logger: logger)
                }
            case .inherited(let descriptor):
                server = try await bootstrap.bind(descriptor) {
                    http.setup(channel: $0, logger: logger)
                }
            }
        } catch {
            throw ListenError(socket, error)
        }
        let bound = socket.bound(to: server.channel.localAddress)
        logger.info("listening", metadata: ["address": "\(bound)"])
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { await onListening(bound) }
                try await server.executeThenClose { connections in
                    for try await connection in connections {
                        group.addTask { await http.handle(value: connection, logger: logger) }
                    }
                }
            }
        } onGracefulShutdown: {
            quiescing.initiateShutdown(promise: nil)
        }
    }

    private var channel: HTTP1Channel {
        let dates = HTTPDates()
        let responder = responder
        let logger = logger
        let request = TimeAmount(limits.request)
        var decoder = HTTP1Channel.Configuration.DecoderConfiguration()
        decoder.maxHeaderFieldSize = limits.headerBytes
        decoder.maxHeaderListSize = limits.headerBytes
        decoder.maxHeaderFieldCount = limits.headerCount
        let configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestDeadlineHandler(limit: request)],
            idleTimeout: TimeAmount(limits.idle),
            httpDecoderConfiguration: decoder
        )
        return HTTP1Channel(
            responder: { request, writer, channel in
                let context = RequestRecordContext(source: .init(channel: channel, logger: logger))
                var response = try await responder.respond(to: request, context: context)
                response.headers[.date] = dates.text(at: Date.now)
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: configuration
        )
    }
}
