import Dispatch

/// Tells systemd how the daemon fares: datagrams of `NAME=value` lines to the socket that `$NOTIFY_SOCKET` names.
///
/// The protocol is stable and meant to be spoken without libsystemd: https://www.freedesktop.org/software/systemd/man/252/sd_notify.html
struct ServiceNotification: Sendable {
    /// What systemd is told.
    enum State: Sendable, Hashable {
        /// The start, or a reload, is done.
        case ready
        /// The settings are being read anew.
        case reloading
        /// The stop has begun.
        case stopping
        /// A line for `systemctl status`.
        case status(String)
        /// All is alive.
        case watchdog
        /// The start goes on, and the next word of it comes within this time.
        case extendTimeout(microseconds: Int64)

        var line: String {
            switch self {
            case .ready: "READY=1"
            // By CLOCK_MONOTONIC, which is Dispatch's on Linux and systemd's here.
            case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(DispatchTime.now().uptimeNanoseconds / 1000)"
            case .stopping: "STOPPING=1"
            case .status(let text): "STATUS=" + text.map { $0.isNewline ? " " : $0 }
            case .watchdog: "WATCHDOG=1"
            case .extendTimeout(let microseconds): "EXTEND_TIMEOUT_USEC=\(microseconds)"
            }
        }
    }

    private let socket: UnixDatagramAddress

    /// Reads where to send to; nil where nobody listens.
    ///
    /// - Throws: ``SettingsError`` where the variable names no socket.
    init?(environment: [String: String]) throws(SettingsError) {
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else { return nil }
        guard let socket = UnixDatagramAddress(name) else {
            throw SettingsError(faults: [
                "NOTIFY_SOCKET is '\(name)', which is neither a path nor an abstract name behind @"
            ])
        }
        self.socket = socket
    }

    /// Sends states together; systemd takes them in order.
    ///
    /// - Throws: ``UnixDatagramAddress.SendError`` where systemd was not reached.
    func send(_ states: [State]) throws(UnixDatagramAddress.SendError) {
        try socket.send(Array(states.map(\.line).joined(separator: "\n").utf8))
    }
}
