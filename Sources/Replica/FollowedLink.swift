internal import Foundation
internal import Glibc

/// The name that a node's mirror is read under: a link to the file that Litestream follows into, which changes in one step
/// from a file to the one that takes its place.
struct FollowedLink {
    /// What is added to a followed file's name for the files beside it.
    private static let suffixes = ["", "-txid", "-wal", "-shm", ".tmp"]

    /// The link.
    let path: String

    private var folder: URL { URL(filePath: path).deletingLastPathComponent() }
    private var name: String { URL(filePath: path).lastPathComponent }

    /// Why a name cannot be used.
    struct Occupied: Error, Sendable, Hashable, CustomStringConvertible {
        var path: String

        var description: String {
            "\(path) is a mirror of this machine's own; to follow another machine's, move it and the files beside it away"
        }
    }

    /// The file that it leads to, without its folder; nil where there is none.
    ///
    /// - Throws: ``Occupied`` where the name is that of a file.
    func target() throws -> String? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFLNK else { throw Occupied(path: path) }
        return try FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    /// Names for two files that there are none of.
    func unusedFiles() throws -> [String] {
        let last = try files().compactMap { Int($0.dropFirst(name.count + 1)) }.max() ?? 0
        return [1, 2].map { folder.appending(path: "\(name).\(last + $0)").path }
    }

    /// Leads to another file from here on.
    ///
    /// https://man7.org/linux/man-pages/man2/rename.2.html: there is no moment without the name.
    func lead(to file: String) throws {
        let draft = path + ".link"
        _ = unsafe unlink(draft)
        try FileManager.default.createSymbolicLink(
            atPath: draft,
            withDestinationPath: URL(filePath: file).lastPathComponent
        )
        guard unsafe rename(draft, path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    /// Removes all files that were followed into, but some.
    func removeFiles(except kept: [String?]) throws {
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
