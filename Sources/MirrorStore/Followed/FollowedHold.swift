internal import Glibc

/// Keeps Litestream from writing to a file that it follows into, while whoever wants to can read it.
///
/// These are SQLite's locks (https://sqlite.org/src/file?name=src/os.h): a reader's on the shared bytes, and one on the
/// pending byte. Litestream takes the latter first, and would keep new readers out while it waits for the former.
///
/// They belong to the open file, not to the process (https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html), so
/// closing another descriptor of the file does not end them.
public final class FollowedHold: Sendable {
    private static let pendingByte = 0x4000_0000
    private static let sharedBytes = (first: pendingByte + 2, count: 510)

    /// `F_OFD_SETLK` of Linux, which Swift does not import.
    private static let setLock: CInt = 37

    private let descriptor: CInt

    /// Holds a file as it is; nil where Litestream is writing to it or has not finished a change.
    ///
    /// - Parameter file: Its path, which is no link.
    /// - Throws: ``MirrorError`` where it cannot be opened or locked.
    public init?(of file: String) throws(MirrorError) {
        // A program that is started meanwhile would hold it too.
        descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .unusable(path: file, reason: "it cannot be opened: \(unsafe String(cString: strerror(errno)))")
        }
        guard
            try Self.lock(descriptor, from: Self.pendingByte, count: 1, of: file),
            try Self.lock(descriptor, from: Self.sharedBytes.first, count: Self.sharedBytes.count, of: file),
            FollowedFile.isWhole(file)
        else { return nil }
    }

    deinit {
        close(descriptor)
    }

    /// - Returns: Whether it was locked; another may hold it.
    private static func lock(_ descriptor: CInt, from first: Int, count: Int, of file: String) throws(MirrorError)
        -> Bool
    {
        var lock = flock()
        lock.l_type = Int16(F_RDLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = first
        lock.l_len = count
        if unsafe fcntl(descriptor, setLock, &lock) == 0 { return true }
        guard errno == EAGAIN || errno == EACCES else {
            throw .unusable(path: file, reason: "it cannot be locked: \(unsafe String(cString: strerror(errno)))")
        }
        return false
    }
}
