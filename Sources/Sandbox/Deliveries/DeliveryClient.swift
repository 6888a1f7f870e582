import NIOCore
import NIOHTTP1
import NIOPosix

/// Posts a delivery over HTTP/1.1, on a connection of its own.
struct DeliveryClient: Sendable {
    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    let timeout: Duration

    /// - Returns: The outcome; a redirect is not followed.
    func post(_ payload: [UInt8], signature: String, to url: EndpointURL) async -> DeliveryAttempt.Outcome {
        do {
            return try await withThrowingTaskGroup(of: DeliveryAttempt.Outcome.self) { group in
                group.addTask { .answered(try await exchange(payload, signature: signature, url: url)) }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    return .timedOut
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .timedOut
            }
        } catch {
            return .failed(String(describing: error))
        }
    }

    private func exchange(_ payload: [UInt8], signature: String, url: EndpointURL) async throws -> Int {
        let connection: Connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: url.host, port: url.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            let head = HTTPRequestHead(
                version: .http1_1,
                method: .POST,
                uri: url.target,
                headers: [
                    "Host": "\(url.host):\(url.port)", "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                    "Accept": "*/*; q=0.5, application/xml", "Cache-Control": "no-cache",
                    "Content-Type": "application/json; charset=utf-8", "Content-Length": String(payload.count),
                    "Stripe-Signature": signature, "Connection": "close",
                ]
            )
            try await outbound.write(.head(head))
            try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: payload))))
            try await outbound.write(.end(nil))
            var status: Int?
            for try await part in inbound {
                switch part {
                case .head(let head): status = Int(head.status.code)
                case .body: continue
                case .end: if let status, status >= 200 { return status }
                }
            }
            throw ChannelError.eof
        }
    }
}
