import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Writes the `Date` of every reply from the sandbox's own clock: a mirror orders its reads by it.
final class DateHeaderHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let now: @Sendable () -> Int

    init(now: @escaping @Sendable () -> Int) {
        self.now = now
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data) else {
            context.write(data, promise: promise)
            return
        }
        head.headerFields[.date] = CalendarDate(unixSeconds: now()).httpDate
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}
