internal import GRDB

/// Who merges the write-ahead log into the mirror's file.
///
/// SQLite does so in the commit that has grown the log to a thousand pages. Where Litestream replicates the file it
/// checkpoints as well, and asks that the application leave it to it: a checkpoint between two of its reads makes it begin
/// anew with a snapshot. https://litestream.io/tips/#disable-autocheckpoints-for-high-write-load-servers
public enum Checkpoints: Sendable, Hashable {
    case sqlite
    case litestream

    /// SQLite's own default. https://www.sqlite.org/pragma.html#pragma_wal_autocheckpoint
    private static let pages = 1000
    /// Bytes of log beyond which they are not left to anybody any more: Litestream may be there and not get on.
    static let longestLog = 256 << 20
    /// How old Litestream's last capture may be, beside the time between two commits, in seconds.
    static let captureLimit: Double = 60

    /// Judges by what can be seen of Litestream.
    ///
    /// - Parameters:
    ///   - capturedAt: When Litestream last captured a change, Unix seconds; nil where it never did.
    ///   - interval: Seconds within which there surely was a change to capture.
    ///   - logBytes: The length of the log.
    ///   - now: Unix seconds by this machine's clock.
    public init(capturedAt: Double?, interval: Double, logBytes: Int, at now: Double) {
        let isCapturing = capturedAt.map { now - $0 <= interval + Self.captureLimit } ?? false
        self = isCapturing && logBytes < Self.longestLog ? .litestream : .sqlite
    }

    /// The pages of log at which the application checkpoints; 0 for never.
    fileprivate var automatically: Int { self == .sqlite ? Self.pages : 0 }
}

extension MirrorStore {
    /// Has checkpoints made by whom they are to be made by, from the next commit on.
    ///
    /// - Throws: ``MirrorError`` where the file cannot be written.
    public func set(_ checkpoints: Checkpoints) async throws(MirrorError) {
        do {
            // Of the connection that writes; others make none.
            try await pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA wal_autocheckpoint = \(checkpoints.automatically)")
            }
        } catch {
            throw MirrorError(error)
        }
    }

    /// Bytes of the write-ahead log; 0 where there is none.
    public var logBytes: Int { FileStamp(path + "-wal")?.bytes ?? 0 }
}
