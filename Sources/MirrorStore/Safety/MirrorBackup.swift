internal import FoundationEssentials
internal import GRDB
internal import Glibc
internal import SystemPackage

/// A copy of the mirror's file, made while the daemon writes to it.
///
/// SQLite's online backup copies the pages of one snapshot (https://www.sqlite.org/backup.html). It is chosen over
/// `VACUUM INTO` because it tells how far it is and copies pages without building every index anew. The read transaction
/// stays open over all steps, so writers neither wait for it nor make it begin again.
public enum MirrorBackup {
    /// What was copied.
    public struct Report: Sendable, Hashable {
        /// Where the copy is.
        public var path: String
        /// The copy's length in bytes.
        public var bytes: Int
        /// The last migration of the copied schema.
        public var schema: String
    }

    /// Pages that are copied between two reports: 16 MiB at SQLite's usual page of 4 KiB.
    private static let pagesPerStep: CInt = 4096

    /// Copies a mirror to a new file of its owner's only.
    ///
    /// The copy is written beside its place, checked page by page, brought to disk and then renamed: where a file of that
    /// name is seen, it is whole. It is one file, without a log beside it.
    ///
    /// - Parameters:
    ///   - source: The mirror, of this version's schema or an older one.
    ///   - target: The copy.
    ///   - replaces: Whether a file that is there already may be replaced.
    ///   - progress: Gets the share that is copied, 0 to 1.
    /// - Returns: What was copied.
    /// - Throws: ``MirrorError``; then nothing is left behind.
    public static func write(
        from source: String,
        to target: String,
        replacing replaces: Bool,
        progress: @escaping (Double) -> Void
    ) throws(MirrorError) -> Report {
        guard FileManager.default.fileExists(atPath: source) else {
            throw .unusable(path: source, reason: "there is no such file")
        }
        // The daemon would go on writing to the file that the copy took the name of.
        guard !DatabaseFile.isPart(target, of: source) else {
            throw .unusable(path: target, reason: "it is the mirror itself; give the copy another name")
        }
        let partial = target + ".partial-" + UUID().uuidString.prefix(8)
        do {
            try reserve(target, unless: replaces)
            let schema = try copy(source, to: partial, progress)
            // As it is a copy page by page, its damage is the mirror's.
            try MirrorCheck.run(.full, on: partial, named: source)
            let bytes = try synchronize(partial)
            try rename(partial, to: target)
            return Report(path: target, bytes: bytes, schema: schema)
        } catch {
            discard(partial)
            if !replaces, (error as? MirrorError) != existing(target) { discard(target) }
            throw MirrorError(error)
        }
    }

    private static func existing(_ path: String) -> MirrorError {
        .unusable(path: path, reason: "there is a file already; --force replaces it")
    }

    /// Takes the name, so that of two backups at once one is refused.
    private static func reserve(_ path: String, unless replaces: Bool) throws(MirrorError) {
        guard !replaces else { return }
        do {
            try createFile(at: path)
        } catch Errno.fileExists {
            throw existing(path)
        } catch {
            throw .unusable(path: path, reason: "\(error)")
        }
    }

    private static func createFile(at path: String) throws {
        let options: FileDescriptor.OpenOptions = [.create, .exclusiveCreate, .closeOnExec]
        try FileDescriptor.open(FilePath(path), .readWrite, options: options, permissions: .ownerReadWrite).close()
    }

    private static func copy(_ source: String, to partial: String, _ progress: @escaping (Double) -> Void) throws
        -> String
    {
        do {
            try createFile(at: partial)
        } catch {
            throw MirrorError.unusable(path: partial, reason: "\(error)")
        }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let from = try DatabaseQueue(path: source, configuration: configuration)
        let schema = try from.read { db in
            guard try db.tableExists("grdb_migrations") else { throw MirrorError.foreign(path: source) }
            return try String.fetchOne(db, sql: "SELECT max(identifier) FROM grdb_migrations") ?? "none"
        }
        let copy = try DatabaseQueue(path: partial)
        try from.backup(to: copy, pagesPerStep: pagesPerStep) { step in
            progress(step.totalPageCount == 0 ? 1 : Double(step.completedPageCount) / Double(step.totalPageCount))
        }
        try from.close()
        try copy.inDatabase { db in
            // One file, which a reader need not be able to write beside; the daemon turns it on again.
            try db.execute(sql: "PRAGMA journal_mode = DELETE")
        }
        try copy.close()
        return schema
    }

    /// Waits until the file is on disk; returns its length.
    private static func synchronize(_ path: String) throws -> Int {
        let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
        return try file.closeAfter {
            try Self.synchronize(file)
            return Int(try file.seek(offset: 0, from: .end))
        }
    }

    // https://man7.org/linux/man-pages/man2/fsync.2.html
    private static func synchronize(_ file: FileDescriptor) throws {
        guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }

    /// The name is on disk only when its folder is.
    private static func rename(_ partial: String, to target: String) throws {
        guard unsafe Glibc.rename(partial, target) == 0 else { throw Errno(rawValue: errno) }
        let parent = FilePath(target).removingLastComponent()
        let folder = parent.isEmpty ? FilePath(".") : parent
        let descriptor = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
        try descriptor.closeAfter { try Self.synchronize(descriptor) }
    }

    /// What cannot be removed is named as a leftover by its own suffix, and the error that is told is the first one.
    private static func discard(_ path: String) {
        for suffix in ["", "-journal", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
            try? FileManager.default.removeItem(atPath: path + suffix)
        }
    }
}
