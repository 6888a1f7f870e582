internal import FoundationEssentials
internal import GRDB
internal import SystemPackage

/// The SQLite file that holds the mirror.
///
/// One connection writes; readers see the last commit and neither wait for the writer nor make it wait
/// (https://www.sqlite.org/wal.html). A commit is on disk when it returns (`synchronous=FULL`,
/// https://www.sqlite.org/pragma.html#pragma_synchronous), because a 200 to Stripe is a promise.
public struct MirrorStore: Sendable {
    let pool: DatabasePool
    /// Wakes those who wait for what this process writes.
    let arrivals = Arrivals()

    /// Where the file is.
    public let path: String

    /// Opens the mirror for the daemon: makes the file where there is none, and brings its schema up to date.
    ///
    /// - Parameter path: The file; its folder must exist. A new file can be read and written by its owner only.
    /// - Returns: The store, and the names of the migrations that were applied.
    /// - Throws: ``MirrorError``.
    public static func open(path: String) throws(MirrorError) -> (store: MirrorStore, migrations: [String]) {
        try createFile(at: path)
        do {
            // Before anything is written: opening a pool alone changes a file's journal mode.
            try refuseOtherSchemas(at: path)
            let pool = try DatabasePool(path: path, configuration: configuration(label: "mirror"))
            let applied = try migrate(pool)
            // The pool opens its writer with synchronous=NORMAL, which a power cut may cost the last commits.
            try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
            return (MirrorStore(pool: pool, path: path), applied)
        } catch {
            throw MirrorError(error)
        }
    }

    /// Opens the mirror beside a daemon that may be running, for reading only.
    ///
    /// - Throws: ``MirrorError``, also where there is no such file or its schema is not this version's.
    public static func openReadOnly(path: String) throws(MirrorError) -> MirrorStore {
        guard FileManager.default.fileExists(atPath: path) else {
            throw .unusable(path: path, reason: "there is no such file; 'portald migrate' makes one")
        }
        do {
            var configuration = configuration(label: "mirror.reader")
            configuration.readonly = true
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.read { db in
                try refuseOtherSchemas(db, path: path)
                guard try Migrations.migrator.hasCompletedMigrations(db) else {
                    throw MirrorError.unusable(path: path, reason: "its schema is older; run 'portald migrate'")
                }
            }
            return MirrorStore(pool: pool, path: path)
        } catch {
            throw MirrorError(error)
        }
    }

    /// Refuses a mirror of the other mode, so that a test key never answers from live customers, nor the reverse.
    ///
    /// - Throws: ``MirrorError/otherMode(path:livemode:)``, or the error of reading.
    public func requireMode(livemode: Bool) throws(MirrorError) {
        let sql = """
            SELECT livemode FROM (SELECT livemode FROM customers LIMIT 1)
            UNION ALL SELECT livemode FROM (SELECT livemode FROM subscriptions LIMIT 1) LIMIT 1
            """
        let known: Bool?
        do {
            known = try pool.read { db in try Bool.fetchOne(db, sql: sql) }
        } catch {
            throw MirrorError(error)
        }
        if let known, known != livemode {
            throw .otherMode(path: path, livemode: known)
        }
    }

    /// Reads from one snapshot.
    func read<Value: Sendable>(
        _ body: @Sendable (Database) throws -> Value
    ) async throws(MirrorError) -> Value {
        do {
            return try await pool.read(body)
        } catch {
            throw MirrorError(error)
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
            // The last connection to close merges the log, and a reading one cannot.
            pool.invalidateReadOnlyConnections()
            try pool.close()
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
        try queue.read { db in try refuseOtherSchemas(db, path: path) }
        try queue.close()
    }

    private static func refuseOtherSchemas(_ db: Database, path: String) throws {
        if try Migrations.migrator.hasBeenSuperseded(db) {
            throw MirrorError.newerSchema(path: path)
        }
        let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
        if !tables.isEmpty, !tables.contains("grdb_migrations") {
            throw MirrorError.foreign(path: path)
        }
    }
}
