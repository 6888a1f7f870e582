import Glibc

/// The address of a datagram socket on this machine: a path, or an abstract name, written with `@` in front.
///
/// https://man7.org/linux/man-pages/man7/unix.7.html
struct UnixDatagramAddress: Sendable, Hashable {
    /// Why nothing was sent.
    struct SendError: Error, CustomStringConvertible {
        let description: String

        init(_ step: String, errno code: CInt) {
            description = unsafe "\(step): \(String(cString: strerror(code)))"
        }
    }

    /// As the kernel takes it: an abstract name begins with a zero.
    private let path: [UInt8]

    /// Nil where the text is neither form, or longer than an address can be.
    init?(_ text: String) {
        var path = Array(text.utf8)
        guard path.count > 1, !path.contains(0) else { return nil }
        switch path[0] {
        case UInt8(ascii: "/"): path.append(0)
        case UInt8(ascii: "@"): path[0] = 0
        default: return nil
        }
        guard path.count <= MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { return nil }
        self.path = path
    }

    /// Sends one datagram; waits where the receiver's queue is full.
    ///
    /// - Throws: ``SendError``.
    func send(_ bytes: [UInt8]) throws(SendError) {
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SendError("no socket", errno: errno) }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path).map { $0 + path.count } ?? 0)
        let sent = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), address, length)
            }
        }
        guard sent == bytes.count else { throw SendError("nothing was sent", errno: errno) }
    }
}
