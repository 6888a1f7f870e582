internal import FoundationEssentials

/// What Litestream keeps beside a database that it replicates, which tells whether it is at work.
///
/// It is asked by its times alone: there is no need to know what is in there. https://litestream.io/how-it-works/
public struct LitestreamFolder: Sendable {
    private let folder: URL

    /// Where Litestream writes what it has captured before it is replicated.
    private var captures: String { folder.appending(path: "ltx/0").path }

    /// - Parameter database: The database's file.
    public init(database: String) {
        let file = URL(filePath: database)
        folder = file.deletingLastPathComponent().appending(path: ".\(file.lastPathComponent)-litestream")
    }

    /// Removes it: what was captured for one place in a replica is no beginning for another.
    ///
    /// - Throws: ``MirrorError`` where it cannot be removed.
    public func remove() throws(MirrorError) {
        guard FileManager.default.fileExists(atPath: folder.path) else { return }
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            throw .unusable(path: folder.path, reason: "it cannot be removed: \(error)")
        }
    }

    /// The position that Litestream has captured; nil where there is none.
    ///
    /// Positions are hexadecimal numbers of one length.
    public var position: String? {
        // A folder that is not there has captured nothing.
        let files = (try? FileManager.default.contentsOfDirectory(atPath: captures)) ?? []
        return files.filter { $0.hasSuffix(".ltx") }.compactMap {
            $0.dropLast(4).split(separator: "-").last.map(String.init)
        }.max()
    }

    /// When Litestream last captured a change of the database or tidied up, Unix seconds by this machine's clock; nil where
    /// it never replicated the file.
    public var capturedAt: Double? {
        FileStamp(captures).map { Double($0.modified.seconds) + Double($0.modified.nanoseconds) / 1e9 }
    }
}
