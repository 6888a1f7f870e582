internal import FoundationEssentials
internal import GRDB

/// Looks for damage in the mirror's file. https://www.sqlite.org/pragma.html#pragma_quick_check
public enum MirrorCheck {
    /// The longest file that is checked at every start, in bytes.
    ///
    /// A million rows in 1.4 GB were read in 2 s from memory. From a disk of 100 MB a second the longest file takes 43 s, of
    /// the five minutes that the unit allows a start.
    public static let startLimit = 4 << 30

    /// Bytes of the file, without the log beside it; 0 where there is none, or where opening it will say what is wrong.
    public static func length(of path: String) -> Int {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            attributes[.type] as? FileAttributeType == .typeRegular
        else { return 0 }
        return attributes[.size] as? Int ?? 0
    }

    /// How closely to look.
    enum Depth: String {
        /// Every page.
        case quick = "quick_check"
        /// Also whether indexes agree with their tables.
        case full = "integrity_check"
    }

    /// Reads every page of a mirror that may be in use.
    ///
    /// - Throws: ``MirrorError/damaged(path:finding:)`` with the first damage found, or why the file cannot be read.
    public static func run(on path: String) throws(MirrorError) {
        try run(.quick, on: path, named: path)
    }

    static func run(_ depth: Depth, on path: String, named name: String) throws(MirrorError) {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let findings = try queue.read { db in try String.fetchAll(db, sql: "PRAGMA \(depth.rawValue)(1)") }
            try queue.close()
            if let finding = findings.first, finding != "ok" {
                throw MirrorError.damaged(path: name, finding: finding.split(separator: "\n").joined(separator: " "))
            }
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            // The latter where the first page is no longer that of a database.
            throw .damaged(path: name, finding: error.message ?? "malformed")
        } catch {
            throw MirrorError(error)
        }
    }
}
