import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Writes the `Date` of every reply from the sandbox's own clock: a mirror orders its reads by it.
///
/// A reply that says in ``HTTPTypes/HTTPField/Name/renderedAt`` when it was rendered gets that time.
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
        let renderedAt = head.headerFields[.renderedAt].flatMap { Int($0) }
        head.headerFields[.renderedAt] = nil
        head.headerFields[.date] = CalendarDate(unixSeconds: renderedAt ?? now()).httpDate
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}

extension HTTPField.Name {
    /// Unix seconds; never sent.
    static let renderedAt = stripe("Sandbox-Rendered-At")

    static func stripe(_ name: String) -> Self {
        guard let name = Self(name) else { preconditionFailure("not a header name: \(name)") }
        return name
    }
}
