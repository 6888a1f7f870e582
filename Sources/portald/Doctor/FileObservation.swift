import Foundation

/// What the file system says of a file or folder to whoever runs the command.
struct FileObservation: Sendable, Hashable {
    /// What there is.
    enum State: Sendable, Hashable {
        case absent
        /// There may be something, but a folder on the way is closed.
        case hidden
        /// Its permission bits and its owner's name, or number where that has none, whether it can be read, and whether it is a file of no bytes.
        case found(mode: Int, owner: String, isReadable: Bool, isEmpty: Bool)
    }

    var path: String
    var state: State
    /// The name of the user who looks.
    var user: String

    init(path: String, state: State, user: String) {
        self.path = path
        self.state = state
        self.user = user
    }

    /// Looks at a path.
    init(_ path: String) {
        self.init(path: path, state: Self.state(of: path), user: NSUserName())
    }

    private static func state(of path: String) -> State {
        let files = FileManager.default
        do {
            // Not those of a link, which systemd puts in the place of a dynamic user's folder: its own say nothing.
            let attributes = try files.attributesOfItem(atPath: URL(filePath: path).resolvingSymlinksInPath().path)
            guard attributes[.type] as? FileAttributeType != .typeSymbolicLink else { return .hidden }
            return .found(
                mode: (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0,
                owner: attributes[.ownerAccountName] as? String ?? "user \(attributes[.ownerAccountID] ?? "unknown")",
                isReadable: files.isReadableFile(atPath: path),
                isEmpty: attributes[.type] as? FileAttributeType == .typeRegular
                    && (attributes[.size] as? NSNumber)?.intValue == 0
            )
        } catch let error as CocoaError where [.fileReadNoSuchFile, .fileNoSuchFile].contains(error.code) {
            return .absent
        } catch {
            return .hidden
        }
    }

    /// Why it cannot be read by the user; nil where it can, or is not there.
    var barrier: String? {
        switch state {
        case .absent, .found(_, _, isReadable: true, _): nil
        case .hidden: "\(path) cannot be looked at by \(user): a folder on the way is closed to them"
        case .found(let mode, let owner, isReadable: false, _):
            "\(path) cannot be read by \(user): it belongs to \(owner) (mode \(Self.octal(mode)))"
        }
    }

    /// What to do about ``barrier``.
    static let remedy = "run this as the file's owner, or as root: sudo portald doctor"

    static func octal(_ mode: Int) -> String { "0" + String(mode & 0o7777, radix: 8) }
}
