internal import Hummingbird
internal import NIOCore
internal import NIOExtras
internal import NIOHTTPTypes

/// Closes a connection whose request takes too long to arrive, so that nobody holds memory by sending slowly.
///
/// A request that arrives in one read, as nearly all do, costs no timer.
final class RequestDeadlineHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private static let shutdownLimit = TimeAmount.seconds(2)

    private let limit: TimeAmount
    private var isReceiving = false
    private var deadline: Scheduled<Void>?

    init(limit: TimeAmount) {
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isReceiving = true
        case .body:
            break
        case .end:
            isReceiving = false
            deadline?.cancel()
            deadline = nil
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isReceiving, deadline == nil {
            let channel = context.channel
            deadline = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
        }
        context.fireChannelReadComplete()
    }

    /// A request that is still arriving when the listener stops gets a moment, not its whole time.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, isReceiving {
            let channel = context.channel
            deadline?.cancel()
            deadline = context.eventLoop.scheduleTask(in: Self.shutdownLimit) { channel.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        context.fireChannelInactive()
    }
}
