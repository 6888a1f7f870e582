/// Judges the files that hold secrets and personal data, and the room that is left for them.
enum FileCheck {
    private static let others = 0o077
    private static let writableByOthers = 0o022
    /// Bytes below which a mirror may stop to grow within days, and below which it does.
    private static let room = (little: 1 << 30, none: 100 << 20)

    /// The database, and the log beside it: they hold names and addresses of customers.
    static func database(_ file: FileObservation) -> Finding {
        guard case .found(let mode, _, _, _) = file.state else {
            return missing(file, "database-mode")
                ?? .warning("database-mode", "\(file.path) is not there yet", remedy: "portald migrate")
        }
        guard mode & others == 0 else {
            return .failure(
                "database-mode",
                "\(file.path) can be read or written by others (mode \(octal(mode)))",
                remedy: "chmod 600 \(file.path)"
            )
        }
        return .ok("database-mode", "\(file.path) is its owner's alone")
    }

    /// The database's folder: who may write there may replace the file.
    static func folder(_ folder: FileObservation) -> Finding {
        guard case .found(let mode, _, _, _) = folder.state else {
            return missing(folder, "folder-mode")
                ?? .failure("folder-mode", "\(folder.path) is not there", remedy: "mkdir -m 700 -p \(folder.path)")
        }
        // In a folder with the sticky bit, such as /tmp, others may not remove what is not theirs.
        guard mode & writableByOthers == 0 || mode & 0o1000 != 0 else {
            return .failure(
                "folder-mode",
                "\(folder.path) can be written by others (mode \(octal(mode))), who could replace the database",
                remedy: "chmod go-w \(folder.path)"
            )
        }
        return .ok("folder-mode", "only its owner writes to \(folder.path)")
    }

    /// Whose the database is: after a restore by root it may no longer be the daemon's, whose the folder is.
    ///
    /// A folder of root's says nothing: a daemon that root runs may use any file. Nil where either cannot be seen.
    static func owner(_ file: FileObservation, in folder: FileObservation) -> Finding? {
        guard case .found(_, let fileOwner, _, _) = file.state, case .found(_, let folderOwner, _, _) = folder.state
        else { return nil }
        let check = "database-owner"
        guard folderOwner != "root", fileOwner != folderOwner else {
            return .ok(check, "\(file.path) belongs to \(fileOwner)")
        }
        return .failure(
            check,
            "\(file.path) belongs to \(fileOwner), and its folder to \(folderOwner), whose daemon cannot use it",
            remedy: "chown --reference=\(folder.path)/. \(file.path)"
        )
    }

    /// The file given with `--config`.
    static func config(_ file: FileObservation, holdsSecrets: Bool) -> Finding {
        guard holdsSecrets, case .found(let mode, _, _, _) = file.state, mode & others != 0 else {
            return .ok("config-mode", "\(file.path) shows nobody a secret")
        }
        return .failure(
            "config-mode",
            "\(file.path) holds secrets and can be read or written by others (mode \(octal(mode)))",
            remedy: "chmod 600 \(file.path)"
        )
    }

    /// The folder that has secrets as files: it is closed, or each of them is.
    static func credentials(_ folder: FileObservation, _ files: [FileObservation]) -> Finding {
        if let missing = missing(folder, "credentials-mode") { return missing }
        let open = files.filter(isOpenToAll).map { $0.path.split(separator: "/").last ?? "" }
        guard isOpenToAll(folder), !open.isEmpty else {
            return .ok("credentials-mode", "\(folder.path) shows nobody a secret")
        }
        return .failure(
            "credentials-mode",
            "\(open.joined(separator: ", ")) in \(folder.path) can be read or written by everybody",
            remedy: "chmod -R go= \(folder.path)"
        )
    }

    /// The group does not count: of the folders that systemd makes, its bits are the mask of an access control list.
    private static func isOpenToAll(_ file: FileObservation) -> Bool {
        guard case .found(let mode, _, _, _) = file.state else { return false }
        return mode & 0o007 != 0
    }

    /// The room on the database's disk, in bytes.
    static func disk(free: Int, folder: String) -> Finding {
        let message = "\(free >> 20) MiB are free for \(folder)"
        let remedy = "make room; 'portald status' shows the database's size, PORTALD_EVENT_RETENTION_DAYS bounds it"
        if free < room.none { return .failure("disk", message, remedy: remedy) }
        if free < room.little { return .warning("disk", message, remedy: remedy) }
        return .ok("disk", message)
    }

    /// What cannot be looked at may be there.
    private static func missing(_ file: FileObservation, _ check: String) -> Finding? {
        file.barrier.map { .failure(check, $0, remedy: FileObservation.remedy) }
    }

    private static func octal(_ mode: Int) -> String { FileObservation.octal(mode) }
}
