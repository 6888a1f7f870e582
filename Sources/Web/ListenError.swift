internal import Glibc
internal import NIOCore

/// Why an address cannot be listened on.
public struct ListenError: Error, Sendable, CustomStringConvertible {
    /// What is wrong and what to do.
    public let description: String

    init(_ socket: ListeningSocket, _ error: any Error) {
        let reason =
            switch (error as? IOError)?.errnoCode {
            case EADDRINUSE: "another program listens there; stop it, or choose another address"
            case EACCES: "ports below 1024 are for privileged users; choose a higher one"
            case EADDRNOTAVAIL: "this machine does not have that address"
            default: "\(error)"
            }
        description = "\(socket) cannot be listened on: \(reason)"
    }
}
