/// Why a request got no reply.
public struct TransportError: Error, Hashable, Sendable {
    /// What ended the request.
    public enum Reason: Hashable, Sendable {
        /// No connection, or one that broke; with libcurl's words for it.
        case connectionFailed(String)
        /// A limit of the request's passed.
        case timedOut(Phase)
        /// The server's certificate, or our own TLS set-up, was refused; with libcurl's words for it.
        case tls(String)
        /// The reply is not HTTP as we speak it; with libcurl's words for it.
        case malformedReply(String)
        /// The reply's body is longer than the limit, in bytes.
        case bodyTooLarge(limit: Int)
        /// The calling task was cancelled.
        case cancelled
        /// The transport was shut down.
        case stopped
        /// The request cannot be sent as it is; with what is wrong with it.
        case invalidRequest(String)
    }

    /// How far a request was when its time ran out.
    public enum Phase: Hashable, Sendable {
        /// Name look-up, TCP and TLS.
        case connect
        /// Anything after that.
        case total
    }

    /// What ended the request.
    public let reason: Reason
    /// Whether any byte of the request went out, so that the server may have acted on it.
    public let requestMayHaveArrived: Bool

    init(_ reason: Reason, requestMayHaveArrived: Bool = false) {
        self.reason = reason
        self.requestMayHaveArrived = requestMayHaveArrived
    }
}

extension TransportError: CustomStringConvertible {
    /// What happened; holds no header, body or address.
    public var description: String {
        let what =
            switch reason {
            case .connectionFailed(let detail): "connection failed: \(detail)"
            case .timedOut(.connect): "no connection in time"
            case .timedOut(.total): "no reply in time"
            case .tls(let detail): "TLS refused: \(detail)"
            case .malformedReply(let detail): "malformed reply: \(detail)"
            case .bodyTooLarge(let limit): "reply longer than \(limit) bytes"
            case .cancelled: "cancelled"
            case .stopped: "the transport was shut down"
            case .invalidRequest(let detail): "invalid request: \(detail)"
            }
        return requestMayHaveArrived ? what + " (the request may have arrived)" : what
    }
}
