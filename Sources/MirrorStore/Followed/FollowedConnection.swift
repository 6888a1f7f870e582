internal import GRDB

/// A connection to a file that Litestream follows into.
struct FollowedConnection: Sendable {
    /// How long SQLite waits for the file's lock, in seconds: shortly, because another file may be there to be read.
    private static let busyTimeout = 0.01

    private let queue: DatabaseQueue
    /// The file that is open, whatever its name leads to by now.
    let file: FileStamp.Identity
    /// SQLite's counter of changes to the schema.
    private let schemaVersion: Int

    /// The file is being written to, or was replaced since it was opened; another look may find it settled.
    struct Unsettled: Error {}

    /// The file has to be opened anew.
    struct SchemaChanged: Error {}

    /// Opens a file that a name leads to.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - name: The name that leads to it, for messages.
    ///   - file: Which file it is.
    ///   - livemode: The mode that the mirror has to be of; nil for either.
    ///   - isWhole: Whether what is read under the lock is what a change left.
    /// - Throws: ``Unsettled``, or ``MirrorError`` where it is no mirror that this version reads.
    init(path: String, name: String, file: FileStamp.Identity, livemode: Bool?, isWhole: (FileStamp.Identity) -> Bool)
        throws
    {
        var configuration = Configuration()
        configuration.label = "mirror.followed"
        configuration.readonly = true
        configuration.busyMode = .timeout(Self.busyTimeout)
        queue = try DatabaseQueue(path: path, configuration: configuration)
        self.file = file
        do {
            schemaVersion = try queue.read { db in
                let schemaVersion = try Self.schemaVersion(db)
                guard isWhole(file) else { throw Unsettled() }
                try Migrations.requireCurrent(db, path: name)
                if let livemode { try MirrorStore.requireMode(livemode: livemode, db, path: name) }
                return schemaVersion
            }
        } catch {
            try queue.close()
            throw error
        }
    }

    /// Reads from one snapshot.
    ///
    /// - Returns: What was read, and whether the connection keeps its lock, as one in WAL mode does.
    /// - Throws: ``Unsettled``, ``SchemaChanged``, or what the body throws.
    func read<Value>(
        whileIsWhole isWhole: (FileStamp.Identity) -> Bool,
        _ body: (Database) throws -> Value
    ) throws -> (value: Value, isWAL: Bool) {
        try queue.read { db in
            // Before SQLite looks at the file: it would take pages that it still has for current ones.
            try db.execute(sql: "PRAGMA shrink_memory")
            // The first page is read, and the lock with it is held until the end.
            guard try Self.schemaVersion(db) == schemaVersion else { throw SchemaChanged() }
            guard isWhole(file) else { throw Unsettled() }
            return (try body(db), try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal")
        }
    }

    func close() throws {
        try queue.close()
    }

    private static func schemaVersion(_ db: Database) throws -> Int {
        try Int.fetchOne(db.cachedStatement(sql: "PRAGMA schema_version")) ?? 0
    }
}
