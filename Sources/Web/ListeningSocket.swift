internal import NIOCore

/// Where a listener gets its socket from.
public enum ListeningSocket: Sendable, Hashable, CustomStringConvertible {
    /// The listener opens it.
    case address(ListenAddress)
    /// It is open and listens already, as a descriptor that the listener closes in the end; another process may hold it
    /// open, and then connections wait for whoever accepts them next.
    case inherited(CInt)

    /// The address, or the descriptor.
    public var description: String {
        switch self {
        case .address(let address): "\(address)"
        case .inherited(let descriptor): "the inherited socket \(descriptor)"
        }
    }

    /// The address that clients connect to.
    func bound(to local: SocketAddress?) -> ListenAddress {
        switch self {
        case .address(let address): ListenAddress(host: address.host, port: local?.port ?? address.port)
        case .inherited: ListenAddress(host: local?.ipAddress ?? local?.pathname ?? "unknown", port: local?.port ?? 0)
        }
    }
}
