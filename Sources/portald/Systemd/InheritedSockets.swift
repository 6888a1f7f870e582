import Glibc

/// The listening sockets that systemd opened and handed over, by their names: `$LISTEN_FDS` of them, from descriptor 3 on.
///
/// They stay open while the daemon is restarted, and whoever connects meanwhile waits in their queue:
/// https://www.freedesktop.org/software/systemd/man/252/sd_listen_fds.html
struct InheritedSockets: Sendable, Hashable {
    /// Of the public listener; nil where the daemon opens it.
    var publicSocket: CInt?
    /// Of the admin listener; nil where the daemon opens it.
    var adminSocket: CInt?

    /// The first that is handed over.
    private static let first: CInt = 3
    /// What systemd-socket-activate and a unit without `FileDescriptorName=` call a socket.
    private static let unnamed: Set<String> = ["", "unknown"]

    /// None.
    init() {}

    /// Reads what was handed over, and takes it from programs that the daemon might start.
    ///
    /// - Parameters:
    ///   - environment: The daemon's own.
    ///   - process: The daemon's number.
    /// - Throws: ``SettingsError`` where a name is unknown or comes twice, or a descriptor is no listening socket.
    init(environment: [String: String], process: CInt) throws(SettingsError) {
        try self.init(environment: environment, process: process, check: Self.take)
    }

    init(
        environment: [String: String],
        process: CInt,
        check: (CInt) throws(SettingsError) -> Void
    ) throws(SettingsError) {
        // Where the number is another's, the variables were meant for that program and only inherited.
        guard environment["LISTEN_PID"] == String(process), let text = environment["LISTEN_FDS"] else { return }
        guard let count = CInt(text), (1...2).contains(count) else {
            throw SettingsError(faults: [
                "LISTEN_FDS is '\(text)': portald takes one or two sockets, 'public' and 'admin'"
            ])
        }
        let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false).map(
            String.init
        )
        for index in 0..<count {
            let descriptor = Self.first + index
            let name = names.flatMap { Int(index) < $0.count ? $0[Int(index)] : nil } ?? ""
            switch name {
            case "public" where publicSocket == nil: publicSocket = descriptor
            case "admin" where adminSocket == nil: adminSocket = descriptor
            case "public", "admin":
                throw SettingsError(faults: ["two sockets are called '\(name)'; one unit each sets FileDescriptorName="]
                )
            case _ where Self.unnamed.contains(name) && count == 1: publicSocket = descriptor
            default:
                throw SettingsError(
                    faults: [
                        "the socket of descriptor \(descriptor) is called '\(name)': set FileDescriptorName= in its unit "
                            + "to public or admin"
                    ]
                )
            }
        }
        for descriptor in Self.first..<Self.first + count {
            try check(descriptor)
        }
    }

    /// Checks that a descriptor listens, and sets it up as a socket that the daemon had opened itself.
    private static func take(_ descriptor: CInt) throws(SettingsError) {
        guard option(SO_ACCEPTCONN, of: descriptor) == 1,
            option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue)
        else {
            throw SettingsError(
                faults: [
                    "descriptor \(descriptor) is no socket that listens: use ListenStream= and Accept=no in its unit"
                ]
            )
        }
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0,
            fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0
        else {
            throw SettingsError(faults: ["descriptor \(descriptor) cannot be set up"])
        }
    }

    private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 else { return nil }
        return value
    }
}
