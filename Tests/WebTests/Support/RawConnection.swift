import Glibc
import NIOCore
import NIOPosix
import Stripe
import Web

/// One TCP connection on which a test says every byte.
final class RawConnection {
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var received = ""

    private init(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    /// Connects for the time of `body`.
    static func open<Value: Sendable>(
        to address: ListenAddress,
        _ body: (RawConnection) async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.minutes(10))
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true)
                    )
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await body(RawConnection(inbound, outbound))
        }
    }

    func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
    }

    /// Sends no more, and goes on reading.
    func closeOutput() {
        outbound.finish()
    }

    /// The next reply.
    ///
    /// - Parameter method: The request's: a reply to HEAD has no body, whatever its length says.
    func reply(to method: String = "GET") async throws -> Reply {
        var end = received.firstRange(of: "\r\n\r\n")
        while end == nil {
            try await receive()
            end = received.firstRange(of: "\r\n\r\n")
        }
        guard let end else { throw Reply.Malformed(text: received) }
        var reply = try Reply(head: received[..<end.lowerBound])
        received = String(received[end.upperBound...])
        let length = method == "HEAD" || reply.status == 204 ? 0 : reply.header("Content-Length").flatMap(Int.init)
        guard let length else { throw Reply.Malformed(text: "no length of the body") }
        while received.utf8.count < length { try await receive() }
        reply.body = String(decoding: received.utf8.prefix(length), as: UTF8.self)
        received = String(decoding: received.utf8.dropFirst(length), as: UTF8.self)
        return reply
    }

    /// What still comes until the server closes the connection.
    func remainder() async throws -> String {
        do {
            while let bytes = try await inbound.next() { received += String(buffer: bytes) }
        } catch let error as IOError where error.errnoCode == ECONNRESET {
            // Closed as well, with bytes unread on the server's side.
        }
        return received
    }

    private func receive() async throws {
        guard let bytes = try await inbound.next() else { throw Reply.Malformed(text: received) }
        received += String(buffer: bytes)
    }
}

/// A reply, read without any HTTP library, so that nothing is put right on the way.
struct Reply: Sendable {
    struct Malformed: Error { var text: String }

    var status: Int
    var headers: [(name: String, value: String)] = []
    var body = ""

    init(head: Substring) throws {
        var lines = head.split(separator: "\r\n")[...]
        guard let first = lines.popFirst(), let status = Int(first.split(separator: " ").dropFirst().first ?? "") else {
            throw Malformed(text: String(head))
        }
        self.status = status
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { throw Malformed(text: String(line)) }
            headers.append((String(line[..<colon]), line[line.index(after: colon)...].trimmingPrefix(" ").description))
        }
    }

    /// The header's one value; two of a name would be joined and no test would expect it.
    func header(_ name: String) -> String? {
        let values = headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: " & ")
    }

    func json() throws -> JSON { try JSON(parsing: Array(body.utf8)) }

    /// The code in either shape of an error's body.
    func code() throws -> String? {
        let json = try json()
        return (json["code"] ?? json["error"]?["code"])?.string
    }

    func message() throws -> String? {
        let json = try json()
        return (json["message"] ?? json["error"]?["message"])?.string
    }
}

/// A request as text.
struct RawRequest: Sendable {
    static let host = "portald.test"

    var method = "GET"
    var target = "/healthz"
    var host = Self.host
    var headers: [(name: String, value: String)] = []
    var body: String?

    var text: String {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: \(host)"]
        lines += headers.map { "\($0.name): \($0.value)" }
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return lines.map { $0 + "\r\n" }.joined() + "\r\n" + (body ?? "")
    }
}
