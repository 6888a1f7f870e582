internal import Foundation
internal import Glibc

/// The name that a node's mirror is read under: a link to the file that Litestream follows into, which changes in one step
/// from a file to the one that takes its place.
public struct FollowedLink: Sendable {
    /// What is added to a followed file's name for the files beside it.
    private static let suffixes = [
        "", FollowedFile.positionSuffix, "-wal", "-shm", "-journal", ".tmp", ".tmp-wal", ".tmp-shm",
    ]

    /// The link.
    let path: String

    private var folder: URL { URL(filePath: path).deletingLastPathComponent() }
    private var name: String { URL(filePath: path).lastPathComponent }

    /// Why a name cannot be used.
    public enum Occupied: Error, Sendable, Hashable, CustomStringConvertible {
        /// It is that of a primary's mirror.
        case byOwnMirror(path: String)
        /// A promotion has begun there and not ended.
        case byPromotion(path: String)

        /// What is there and what to do.
        public var description: String {
            switch self {
            case .byOwnMirror(let path):
                "\(path) is a mirror of this machine's own; to follow another machine's, move it and the files beside it away"
            case .byPromotion(let path):
                "a promotion of \(path) was cut short; end it with 'portald promote', or remove "
                    + "\(MirrorPromotion.draft(of: path)) to follow on"
            }
        }
    }

    /// - Parameter path: The link.
    public init(path: String) {
        self.path = path
    }

    /// The file that it leads to, without its folder; nil where there is none.
    ///
    /// - Throws: ``Occupied`` where the name is not one to follow under.
    public func target() throws -> String? {
        guard !FileManager.default.fileExists(atPath: MirrorPromotion.draft(of: path)) else {
            throw Occupied.byPromotion(path: path)
        }
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFLNK else { throw Occupied.byOwnMirror(path: path) }
        // A file that nothing says the position of was made a primary's.
        guard DatabaseFile.real(path) == nil || FollowedFile.isFollowed(path) else {
            throw Occupied.byOwnMirror(path: path)
        }
        return try FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    /// Names for two files that there have never been any of: a Litestream that was not ended may still write to former ones.
    ///
    /// - Parameter now: Unix seconds by this machine's clock.
    /// - Returns: Two paths.
    /// - Throws: Where the folder cannot be read.
    public func unusedFiles(at now: Double) throws -> [String] {
        let last = try files().compactMap { Int($0.dropFirst(name.count + 1)) }.max() ?? 0
        let first = max(last + 1, Int(now))
        return [first, first + 1].map { folder.appending(path: "\(name).\($0)").path }
    }

    /// Leads to another file from here on.
    ///
    /// https://man7.org/linux/man-pages/man2/rename.2.html: there is no moment without the name.
    public func lead(to file: String) throws {
        let draft = path + ".link"
        _ = unsafe unlink(draft)
        try FileManager.default.createSymbolicLink(
            atPath: draft,
            withDestinationPath: URL(filePath: file).lastPathComponent
        )
        guard unsafe rename(draft, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    /// Removes all files that were followed into, but some.
    public func removeFiles(except kept: [String?]) throws {
        let kept = Set(kept.compactMap { $0.map { URL(filePath: $0).lastPathComponent } })
        for file in try files() where !kept.contains(file) {
            for suffix in Self.suffixes {
                let path = folder.appending(path: file + suffix).path
                if unsafe unlink(path) != 0, errno != ENOENT {
                    throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
                }
            }
        }
    }

    /// Names of the files that were followed into: the link's, a point and a number.
    private func files() throws -> Set<String> {
        var files: Set<String> = []
        for entry in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            guard entry.hasPrefix(name + ".") else { continue }
            let number = entry.dropFirst(name.count + 1).prefix { $0.isWholeNumber }
            guard !number.isEmpty else { continue }
            let file = "\(name).\(number)"
            if Self.suffixes.contains(where: { entry == file + $0 }) { files.insert(file) }
        }
        return files
    }
}
