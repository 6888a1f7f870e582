internal import FoundationEssentials
internal import Glibc
internal import SystemPackage

/// What can be told of a database's file without reading it: its contents may be damaged.
enum DatabaseFile {
    /// The bytes that each connection in WAL mode holds a shared lock on as long as it is open; SQLite's `SHARED_FIRST` and
    /// `SHARED_SIZE`. https://www.sqlite.org/wal.html and https://www.sqlite.org/lockingv3.html
    private static let sharedLock = (start: off_t(0x4000_0002), length: off_t(510))
    /// What is added to its name for the files beside it.
    private static let suffixes = ["", "-wal", "-shm", "-journal"]

    /// Whether another process has the file open in WAL mode.
    ///
    /// It must not be asked in a process that has it open itself: closing the descriptor drops all locks of that process.
    /// - Throws: `Errno` where the file cannot be opened or asked.
    static func isOpenElsewhere(_ path: String) throws -> Bool {
        let file = try FileDescriptor.open(FilePath(path), .readWrite, options: .closeOnExec)
        return try file.closeAfter {
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            lock.l_whence = Int16(SEEK_SET)
            lock.l_start = sharedLock.start
            lock.l_len = sharedLock.length
            guard unsafe fcntl(file.rawValue, F_GETLK, &lock) == 0 else { throw Errno(rawValue: errno) }
            return lock.l_type != Int16(F_UNLCK)
        }
    }

    /// Whether a path leads to a database's file or to one beside it, by whatever name, whether or not it is there yet.
    static func isPart(_ path: String, of database: String) -> Bool {
        let database = resolved(database)
        let path = resolved(path)
        return suffixes.contains { suffix in
            let part = database + suffix
            return part == path || identity(part).map { $0 == identity(path) } ?? false
        }
    }

    private static func resolved(_ path: String) -> String {
        let url = URL(filePath: path).absoluteURL.resolvingSymlinksInPath()
        return url.deletingLastPathComponent().resolvingSymlinksInPath().appending(path: url.lastPathComponent).path
    }

    /// Device and inode; nil where there is no file, or none that can be seen.
    private static func identity(_ path: String) -> [UInt64]? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return [UInt64(status.st_dev), UInt64(status.st_ino)]
    }
}
