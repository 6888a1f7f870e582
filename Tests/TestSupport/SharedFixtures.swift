public import Foundation

/// Recorded API replies and events that live beside the checkout, where they exist: they are other people's files.
public enum SharedFixtures {
    /// `../shared` as seen from the package, or from a parent of it.
    public static let root: URL? = {
        var folder = URL(filePath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let shared = folder.appending(path: "shared")
            if FileManager.default.fileExists(atPath: shared.appending(path: "fixtures").path) {
                return shared
            }
        }
        return nil
    }()

    /// Whether the recordings are here; tests over them are skipped where not.
    public static var exist: Bool { root != nil }

    /// Says in a test's report why it is skipped.
    public static let absence = "runs over recordings in ../shared/fixtures, which are not here"

    /// All files below `folder` whose names end in `suffix`, in a fixed order.
    public static func files(below folder: String, suffix: String = ".json") throws -> [URL] {
        guard let root else { return [] }
        let below = root.appending(path: folder)
        return try FileManager.default.subpathsOfDirectory(atPath: below.path)
            .filter { $0.hasSuffix(suffix) }
            .sorted()
            .map { below.appending(path: $0) }
    }

    /// The bytes of one file.
    public static func bytes(_ file: URL) throws -> [UInt8] {
        try Array(Data(contentsOf: file))
    }
}
