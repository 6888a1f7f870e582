internal import FoundationEssentials

/// What Litestream keeps beside a database that it replicates, which tells whether it is at work.
///
/// It is asked by its times alone: there is no need to know what is in there. https://litestream.io/how-it-works/
public struct LitestreamFolder: Sendable {
    /// Where Litestream writes what it has captured before it is replicated.
    private let captures: String

    /// - Parameter database: The database's file.
    public init(database: String) {
        let file = URL(filePath: database)
        captures = file.deletingLastPathComponent().appending(path: ".\(file.lastPathComponent)-litestream/ltx/0").path
    }

    /// When Litestream last captured a change of the database or tidied up, Unix seconds by this machine's clock; nil where
    /// it never replicated the file.
    public var capturedAt: Double? {
        FileStamp(captures).map { Double($0.modified.seconds) + Double($0.modified.nanoseconds) / 1e9 }
    }
}
