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

    /// The path of the file that a path leads to; nil where there is none. https://man7.org/linux/man-pages/man3/realpath.3.html
    static func real(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// Has the names in a file's folder outlast a loss of power. https://man7.org/linux/man-pages/man2/fsync.2.html
    ///
    /// - Throws: ``MirrorError`` where that cannot be promised.
    static func syncFolder(of path: String) throws(MirrorError) {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        do {
            let descriptor = try FileDescriptor.open(FilePath(folder), .readOnly, options: [.directory, .closeOnExec])
            try descriptor.closeAfter {
                guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch {
            throw .unusable(path: folder, reason: "it cannot be synced: \(error)")
        }
    }

    /// The processes, by number and name, that have a file open for writing, of those that this process may look at.
    static func writers(of path: String) -> [(process: Int, name: String)] {
        let own = Int(getpid())
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int($0) } ?? []
        return processes.filter { $0 != own && isWriting($0, to: path) }.map { process in
            let name = (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) ?? ""
            return (process, name.filter { !$0.isNewline })
        }
    }

    /// https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html: the flags of `open(2)`, in octal digits.
    private static func isWriting(_ process: Int, to path: String) -> Bool {
        let folder = "/proc/\(process)/fd"
        // A process that is gone, or not this user's, has nothing to say.
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return descriptors.contains { descriptor in
            guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(descriptor)")) == path,
                let info = try? String(contentsOfFile: "/proc/\(process)/fdinfo/\(descriptor)", encoding: .utf8),
                let line = info.split(separator: "\n").first(where: { $0.hasPrefix("flags:") }),
                let flags = Int32(line.dropFirst(6).filter(\.isWholeNumber), radix: 8)
            else { return false }
            return flags & O_ACCMODE != O_RDONLY
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
