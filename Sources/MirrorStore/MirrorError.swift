internal import GRDB

/// Why the mirror could not be opened, read or written.
public enum MirrorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// SQLite failed; `code` is its extended result code. https://www.sqlite.org/rescode.html
    case sqlite(code: Int32, message: String)
    /// The file was written by a later version of portald.
    case newerSchema(path: String)
    /// The file is a database of another program.
    case foreign(path: String)
    /// The file mirrors the other one of live and test mode.
    case otherMode(path: String, livemode: Bool)
    /// Pages of the file do not fit together; what it says may be wrong.
    case damaged(path: String, finding: String)
    /// The file, or its folder, cannot be used.
    case unusable(path: String, reason: String)
    /// Litestream has not finished a change of a file that it follows into.
    case unfinishedChange(path: String)
    /// The file is another machine's mirror, which Litestream alone writes to.
    case followed(path: String)
    /// The writer has stopped, or is about to.
    case stopped
    /// The bookkeeping contradicts itself.
    case inconsistent(String)

    init(_ error: any Error) {
        switch error {
        case let error as MirrorError: self = error
        case let error as DatabaseError:
            self = .sqlite(code: error.extendedResultCode.rawValue, message: error.message ?? "no message")
        case is CancellationError: self = .stopped
        default: self = .inconsistent("\(type(of: error))")
        }
    }

    /// Whether the file could be read, and what stands in it is not what should.
    var isOfContents: Bool {
        switch self {
        case .sqlite(let code, _):
            [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_SCHEMA]
                .contains(ResultCode(rawValue: code).primaryResultCode)
        case .inconsistent: true
        default: false
        }
    }

    /// What went wrong and what to do, without any value of the database.
    public var description: String {
        switch self {
        case .sqlite(let code, let message): "SQLite: \(message) (result code \(code))"
        case .newerSchema(let path):
            "\(path) was written by a newer portald; install that version, or restore a backup made by this one"
        case .foreign(let path): "\(path) is a database of another program; choose another PORTALD_DATABASE"
        case .otherMode(let path, let livemode):
            "\(path) mirrors \(livemode ? "live" : "test") mode, and the key is of the other; choose another PORTALD_DATABASE"
        case .damaged(let path, let finding):
            "\(path) is damaged (\(finding)), so it is not served; "
                + "'portald backfill --rebuild' sets it aside and fills a new one from Stripe"
        case .unusable(let path, let reason): "\(path) cannot be used: \(reason)"
        case .unfinishedChange(let path):
            "Litestream is in the middle of a change of \(path); where that lasts, see whether it runs and has room on the disk"
        case .followed(let path):
            "\(path) is brought by Litestream from the primary, and changes are made there: set PORTALD_ROLE=portal to answer "
                + "users from it; only where the primary is lost, 'portald promote' makes it the primary's"
        case .stopped: "the mirror is closing"
        case .inconsistent(let what): "the mirror's bookkeeping is inconsistent: \(what)"
        }
    }
}
