import Glibc
import Hummingbird
import NIOCore

/// Hummingbird's context, with the connection, which faults may break.
struct SandboxRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Closes the connection with a TCP reset.
    ///
    /// - Throws: `ChannelError.ioOnClosedChannel`, always, so that no answer is written.
    func resetConnection() async throws -> Never {
        // Closing a socket that lingers for no time at all sends RST instead of FIN (POSIX, SO_LINGER).
        if let socket = channel as? any SocketOptionProvider {
            try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try await channel.close().get()
        throw ChannelError.ioOnClosedChannel
    }
}
