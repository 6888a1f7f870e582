internal import Glibc

/// Which file a path leads to, how long that is, and when it was last written to.
struct FileStamp: Sendable, Hashable {
    /// Device and inode: another file under the same name differs in it.
    struct Identity: Sendable, Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// A time of the file system; coarser than its digits (https://man7.org/linux/man-pages/man7/inode.7.html).
    struct Time: Sendable, Hashable, Comparable {
        var seconds: Int
        var nanoseconds: Int

        static func < (left: Self, right: Self) -> Bool {
            (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
        }
    }

    var identity: Identity
    var modified: Time
    var bytes: Int

    /// Nil where there is no file that can be seen.
    init?(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        bytes = Int(status.st_size)
        modified = Time(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }
}
