internal import FoundationEssentials
internal import GRDB
internal import SystemPackage

/// The SQLite file that holds the mirror.
///
/// One connection writes; readers see the last commit and neither wait for the writer nor make it wait
/// (https://www.sqlite.org/wal.html). A commit is on disk when it returns (`synchronous=FULL`,
/// https://www.sqlite.org/pragma.html#pragma_synchronous), because a 200 to Stripe is a promise.
public struct MirrorStore: Sendable {
    private enum File: Sendable {
        case own(DatabasePool)
        case followed(FollowedFile)
    }

    private let file: File
    /// Wakes those who wait for what this process writes.
    let arrivals = Arrivals()

    /// Where the file is.
    public let path: String

    /// Opens the mirror for the daemon: makes the file where there is none, and brings its schema up to date.
    ///
    /// - Parameter path: The file; its folder must exist. A new file can be read and written by its owner only.
    /// - Returns: The store, and the names of the migrations that were applied.
    /// - Throws: ``MirrorError``, also where Litestream has been following into the file: it is the primary's until it is
    ///   promoted.
    public static func open(path: String) throws(MirrorError) -> (store: MirrorStore, migrations: [String]) {
        // Litestream would write over what is written here.
        if FollowedFile.isFollowed(path) { throw .followed(path: path) }
        try createFile(at: path)
        do {
            // Before anything is written: opening a pool alone changes a file's journal mode.
            try refuseOtherSchemas(at: path)
            let pool = try DatabasePool(path: path, configuration: configuration(label: "mirror"))
            let applied = try migrate(pool)
            // The pool opens its writer with synchronous=NORMAL, which a power cut may cost the last commits.
            try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            return (MirrorStore(file: .own(pool), path: path), applied)
        } catch {
            throw MirrorError(error)
        }
    }

    /// Opens the mirror beside a daemon that may be running, for reading only; also one that Litestream follows into.
    ///
    /// - Throws: ``MirrorError``, also where there is no such file or its schema is not this version's.
    public static func openReadOnly(path: String) throws(MirrorError) -> MirrorStore {
        guard FileManager.default.fileExists(atPath: path) else {
            throw .unusable(path: path, reason: "there is no such file; 'portald migrate' makes one")
        }
        do {
            if FollowedFile.isFollowed(path) {
                let store = openFollowed(path: path, livemode: nil)
                try store.readBlocking { _ in }
                return store
            }
            var configuration = configuration(label: "mirror.reader")
            configuration.readonly = true
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.read { db in try Migrations.requireCurrent(db, path: path) }
            return MirrorStore(file: .own(pool), path: path)
        } catch {
            throw MirrorError(error)
        }
    }

    /// Names a mirror that Litestream brings here from another machine; it is opened with the first read, and nothing can
    /// be written to it.
    ///
    /// - Parameters:
    ///   - path: The file; it need not be there yet, and may be replaced.
    ///   - livemode: The mode that it has to be of; nil for either.
    /// - Returns: The mirror.
    public static func openFollowed(path: String, livemode: Bool?) -> MirrorStore {
        MirrorStore(file: .followed(FollowedFile(path: path, livemode: livemode)), path: path)
    }

    /// Refuses a mirror of the other mode, so that a test key never answers from live customers, nor the reverse.
    ///
    /// - Throws: ``MirrorError/otherMode(path:livemode:)``, or the error of reading.
    public func requireMode(livemode: Bool) throws(MirrorError) {
        try readBlocking { db in try Self.requireMode(livemode: livemode, db, path: path) }
    }

    static func requireMode(livemode: Bool, _ db: Database, path: String) throws {
        let sql = """
            SELECT livemode FROM (SELECT livemode FROM customers LIMIT 1)
            UNION ALL SELECT livemode FROM (SELECT livemode FROM subscriptions LIMIT 1) LIMIT 1
            """
        if let known = try Bool.fetchOne(db, sql: sql), known != livemode {
            throw MirrorError.otherMode(path: path, livemode: known)
        }
    }

    /// The connections of a file that Litestream does not write to.
    var pool: DatabasePool {
        get throws(MirrorError) {
            guard case .own(let pool) = file else { throw .followed(path: path) }
            return pool
        }
    }

    /// The file that Litestream writes to; nil for a mirror of this machine's own.
    var followed: FollowedFile? {
        guard case .followed(let followed) = file else { return nil }
        return followed
    }

    /// Reads from one snapshot.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(MirrorError) -> Value {
        do {
            return switch file {
            case .own(let pool): try await pool.read(body)
            case .followed(let followed): try await followed.read(body)
            }
        } catch {
            throw MirrorError(error)
        }
    }

    /// Reads from one snapshot, and blocks meanwhile; for commands.
    func readBlocking<Value>(_ body: (Database) throws -> Value) throws(MirrorError) -> Value {
        do {
            return try readRethrowing(body)
        } catch {
            throw MirrorError(error)
        }
    }

    /// The same for a body whose own errors are to pass as they are.
    func readRethrowing<Value>(_ body: (Database) throws -> Value) throws -> Value {
        switch file {
        case .own(let pool): try pool.read(body)
        case .followed(let followed): try followed.readBlocking(body)
        }
    }

    /// Writes in one transaction; when this returns, it is on disk.
    func write<Value: Sendable>(
        _ body: @Sendable (Database) throws -> Value
    ) async throws(MirrorError) -> Value {
        do {
            return try await pool.write(body)
        } catch {
            throw MirrorError(error)
        }
    }

    /// Closes all connections; the write-ahead log is merged into the file.
    public func close() throws(MirrorError) {
        do {
            switch file {
            case .own(let pool):
                // The last connection to close merges the log, and a reading one cannot.
                pool.invalidateReadOnlyConnections()
                try pool.close()
            case .followed(let followed): try followed.close()
            }
        } catch {
            throw MirrorError(error)
        }
    }

    private static func configuration(label: String) -> Configuration {
        var configuration = Configuration()
        configuration.label = label
        configuration.foreignKeysEnabled = true
        // Commands may write beside the daemon.
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        return configuration
    }

    /// SQLite gives the log beside the file the file's own mode.
    private static func createFile(at path: String) throws(MirrorError) {
        do {
            let options: FileDescriptor.OpenOptions = [.create, .closeOnExec]
            try FileDescriptor.open(FilePath(path), .readWrite, options: options, permissions: .ownerReadWrite).close()
        } catch Errno.permissionDenied {
            let owner = "it has to belong to the daemon's user, as its folder does: see 'portald doctor'"
            throw .unusable(path: path, reason: "\(Errno.permissionDenied); \(owner)")
        } catch {
            throw .unusable(path: path, reason: "\(error)")
        }
    }

    private static func migrate(_ pool: DatabasePool) throws -> [String] {
        let before = try pool.read { db in try Migrations.migrator.appliedMigrations(db) }
        try Migrations.migrator.migrate(pool)
        return Migrations.steps.map(\.name).filter { !before.contains($0) }
    }

    private static func refuseOtherSchemas(at path: String) throws {
        var configuration = configuration(label: "mirror.check")
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.read { db in try Migrations.refuseOthers(db, path: path) }
        try queue.close()
    }
}
