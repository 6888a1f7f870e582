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
///
/// `portald follow` has the name change between two files, so that none of this makes a reader wait (``FollowedHold``).
final class FollowedFile: Sendable {
    /// How long a read waits for a file that is whole and that Litestream does not write to: most changes take milliseconds.
    private static let patience: Duration = .seconds(2)
    /// The microseconds between two looks, in which the name may have come to lead to another file.
    private static let pause: useconds_t = 5_000
    /// What Litestream adds to the file's name for the file that names the last change.
    static let positionSuffix = "-txid"

    let path: String
    /// The mode that the mirror has to be of; nil for either.
    private let livemode: Bool?
    private let serial = DispatchQueue(label: "mirror.followed")
    /// Of the files that the name led to last, the latest first.
    private let connections = NIOLockedValueBox<[FollowedConnection]>([])

    init(path: String, livemode: Bool?) {
        self.path = path
        self.livemode = livemode
    }

    /// Whether Litestream has been following into a file.
    static func isFollowed(_ path: String) -> Bool { position(path) != nil }

    /// Whether Litestream has finished all that it began in a file; tells nothing unless it is kept from writing.
    static func isWhole(_ real: String) -> Bool {
        // Times of one tick of the file system's clock are equal; a change that begins in the tick of the last one's end and is cut
        // short in it would not be seen.
        guard let file = FileStamp(real), let position = FileStamp(real + positionSuffix) else { return false }
        return file.modified <= position.modified
    }

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
        try serial.sync { for connection in connections.withLockedValue({ $0 }) { try close(connection) } }
    }

    private func readNext<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do {
                return try readOnce(body)
            } catch is FollowedConnection.Unsettled {
                guard ContinuousClock.now < deadline else { throw MirrorError.unfinishedChange(path: path) }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                guard ContinuousClock.now < deadline else { throw error }
            }
            usleep(Self.pause)
        }
    }

    private func readOnce<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let connection = try currentConnection()
        do {
            let (value, isWAL) = try connection.read(whileIsWhole: isWhole, body)
            if isWAL { try close(connection) }
            return value
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            throw error
        } catch is FollowedConnection.Unsettled {
            throw FollowedConnection.Unsettled()
        } catch is FollowedConnection.SchemaChanged {
            // What may be read of it is judged when it is opened.
            try close(connection)
            throw FollowedConnection.Unsettled()
        } catch let error as DatabaseError {
            try close(connection)
            throw error
        }
    }

    /// Under the lock: whether the file that is open is still the one of the name, and Litestream has finished all that it
    /// began in it.
    private func isWhole(_ open: FileStamp.Identity) -> Bool {
        // The name is followed once, or the two could be of different files. Without a file, the last one is read.
        guard let real = DatabaseFile.real(path), let file = FileStamp(real) else { return true }
        guard file.identity == open else { return false }
        return FileStamp(real + Self.positionSuffix) == nil || Self.isWhole(real)
    }

    private func currentConnection() throws -> FollowedConnection {
        let open = connections.withLockedValue { $0 }
        // The name is followed once, for what is opened has to be the file that was looked at.
        guard let real = DatabaseFile.real(path), let file = FileStamp(real)?.identity else {
            if let last = open.first { return last }
            throw MirrorError.unusable(path: path, reason: "there is no such file; Litestream has not restored it yet")
        }
        if let index = open.firstIndex(where: { $0.file == file }) {
            if index > 0 { connections.withLockedValue { $0.swapAt(0, index) } }
            return open[index]
        }
        let new = try FollowedConnection(path: real, name: path, file: file, livemode: livemode, isWhole: isWhole)
        // Two files take turns; the third last will not be read again, and keeps its room on the disk while it is open.
        for old in open.dropFirst() { try close(old) }
        connections.withLockedValue { $0.insert(new, at: 0) }
        return new
    }

    private func close(_ connection: FollowedConnection) throws {
        connections.withLockedValue { connections in connections.removeAll { $0.file == connection.file } }
        try connection.close()
    }
}
