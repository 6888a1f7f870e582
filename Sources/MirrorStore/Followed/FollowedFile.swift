internal import Dispatch
internal import GRDB
internal import Glibc
internal import NIOConcurrencyHelpers

/// A mirror's file that `litestream restore -f` writes to while it is read.
///
/// Litestream writes pages into the file under SQLite's exclusive lock, but not through SQLite
/// (https://litestream.io/reference/restore/). So a reader here does what one of an ordinary file need not:
/// - Pages that it has in memory may be out of date without a sign of it: they are dropped before each read.
/// - It lets go of its shared lock after each read, or Litestream would wait for ever: a connection in WAL mode, which
///   would keep it, is closed. Litestream takes a file out of that mode with the first change of its first page.
/// - One read at a time: reads that overlap would share the lock without a gap in which Litestream could take it.
/// - A change that Litestream did not finish has no journal to be rolled back by. It writes `<file>-txid` after each
///   change, so a file that was written to later is not whole, and is not read until it is.
/// - The file may be replaced: the name is looked up before each read. While there is none, the last one is read.
final class FollowedFile: Sendable {
    /// How long a read waits for Litestream to let go of the file: most changes take milliseconds.
    private static let busyTimeout = 2.0
    /// How often it is looked whether the file is whole again, and the microseconds between two looks: as long as for the lock.
    private static let looks = (count: 200, pause: useconds_t(10_000))
    /// What Litestream adds to the file's name for the file that names the last change.
    static let positionSuffix = "-txid"

    private struct Connection {
        let queue: DatabaseQueue
        let file: FileStamp.Identity
        /// SQLite's counter of changes to the schema.
        let schemaVersion: Int
    }

    let path: String
    /// The mode that the mirror has to be of; nil for either.
    private let livemode: Bool?
    private let serial = DispatchQueue(label: "mirror.followed")
    private let connection = NIOLockedValueBox<Connection?>(nil)

    init(path: String, livemode: Bool?) {
        self.path = path
        self.livemode = livemode
    }

    /// Whether Litestream has been following into a file.
    static func isFollowed(_ path: String) -> Bool { position(path) != nil }

    /// When Litestream last brought the file to a new state; changes with each.
    var position: FileStamp? { Self.position(path) }

    /// The name may be a link, and Litestream knows the file by its own.
    private static func position(_ path: String) -> FileStamp? {
        DatabaseFile.real(path).flatMap { FileStamp($0 + positionSuffix) }
    }

    /// Reads from one snapshot, after those that came before.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            serial.async { continuation.resume(with: Result { try self.readNext(body) }) }
        }
    }

    /// Reads from one snapshot, and blocks meanwhile; for commands.
    func readBlocking<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try serial.sync { try readNext(body) }
    }

    func close() throws {
        try serial.sync { try closeConnection() }
    }

    private func readNext<Value>(_ body: (Database) throws -> Value) throws -> Value {
        for _ in 1..<Self.looks.count {
            do {
                return try readOnce(body)
            } catch is Unsettled {
                usleep(Self.looks.pause)
            }
        }
        do {
            return try readOnce(body)
        } catch is Unsettled {
            throw MirrorError.unfinishedChange(path: path)
        }
    }

    /// The file is being written to, or was replaced since it was opened; another look may find it settled.
    private struct Unsettled: Error {}

    private struct SchemaChanged: Error {}

    private func readOnce<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let connection = try currentConnection()
        do {
            let (value, journalMode) = try connection.queue.read { db in
                // Before SQLite looks at the file: it would take pages that it still has for current ones.
                try db.execute(sql: "PRAGMA shrink_memory")
                // The first page is read, and the lock with it is held until the end.
                guard try Self.schemaVersion(db) == connection.schemaVersion else { throw SchemaChanged() }
                guard isWhole(connection.file) else { throw Unsettled() }
                return (try body(db), try String.fetchOne(db, sql: "PRAGMA journal_mode"))
            }
            if journalMode == "wal" { try closeConnection() }
            return value
        } catch is SchemaChanged {
            // What may be read of it is judged when it is opened.
            try closeConnection()
            throw Unsettled()
        } catch let error as DatabaseError {
            try closeConnection()
            throw error
        }
    }

    /// Under the lock: whether the file that is open is still the one of the name, and Litestream has finished all that it
    /// began in it.
    private func isWhole(_ open: FileStamp.Identity) -> Bool {
        // The name is followed once, or the two could be of different files. Without a file, the last one is read.
        guard let real = DatabaseFile.real(path), let file = FileStamp(real) else { return true }
        guard file.identity == open else { return false }
        guard let position = FileStamp(real + Self.positionSuffix) else { return true }
        return file.modified <= position.modified
    }

    private func currentConnection() throws -> Connection {
        let open = connection.withLockedValue { $0 }
        guard let file = FileStamp(path)?.identity else {
            if let open { return open }
            throw MirrorError.unusable(path: path, reason: "there is no such file; Litestream has not restored it yet")
        }
        if let open, open.file == file { return open }
        try closeConnection()
        let new = try self.open(file)
        connection.withLockedValue { $0 = new }
        return new
    }

    private func open(_ file: FileStamp.Identity) throws -> Connection {
        var configuration = Configuration()
        configuration.label = "mirror.followed"
        configuration.readonly = true
        configuration.busyMode = .timeout(Self.busyTimeout)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        do {
            let schemaVersion = try queue.read { db in
                let schemaVersion = try Self.schemaVersion(db)
                guard isWhole(file) else { throw Unsettled() }
                try Migrations.requireCurrent(db, path: path)
                if let livemode { try MirrorStore.requireMode(livemode: livemode, db, path: path) }
                return schemaVersion
            }
            return Connection(queue: queue, file: file, schemaVersion: schemaVersion)
        } catch {
            try queue.close()
            throw error
        }
    }

    private static func schemaVersion(_ db: Database) throws -> Int {
        try Int.fetchOne(db.cachedStatement(sql: "PRAGMA schema_version")) ?? 0
    }

    private func closeConnection() throws {
        let former = connection.withLockedValue { connection in
            defer { connection = nil }
            return connection
        }
        try former?.queue.close()
    }
}
