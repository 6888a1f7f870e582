internal import NIOCore

/// A TCP address to listen on: `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or a numeric address, without brackets; of an inherited unix socket its path, with the port 0.
    public var host: String
    /// 0 for any free port.
    public var port: Int

    /// Takes an address from its parts.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; nil where the text is not of that form.
    public init?(_ text: String) {
        guard let parts = text.wholeMatch(of: /(?:\[([A-Za-z0-9:.%_-]+)\]|([A-Za-z0-9._-]+)):([0-9]+)/)?.output,
            let host = parts.1 ?? parts.2, let port = UInt16(parts.3)
        else { return nil }
        self.init(host: String(host), port: Int(port))
    }

    /// Whether only programs on this machine can connect.
    ///
    /// A name other than `localhost` may lead anywhere.
    public var isLoopback: Bool {
        guard host.lowercased() != "localhost" else { return true }
        guard let address = try? SocketAddress(ipAddress: host, port: port), let number = address.ipAddress else {
            // Not numeric.
            return false
        }
        return number == "::1" || number.hasPrefix("127.")
    }

    /// The address in the form that it is read from, or a unix socket's path.
    public var description: String {
        guard !host.hasPrefix("/") else { return host }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
