internal import Foundation

/// Litestream's own configuration file, which says where the replica is and how it is reached.
///
/// It is the same on all machines. portald fills in two variables, which Litestream expands
/// (https://litestream.io/reference/config/#variable-expansion): which file, and which part of the replica.
public struct LitestreamConfiguration: Sendable, Hashable {
    static let databaseVariable = "PORTALD_DATABASE"
    static let partVariable = "PORTALD_REPLICA"

    /// Where the file is.
    public let path: String

    /// Reads the file.
    ///
    /// - Throws: ``LitestreamError/configuration(path:reason:)`` where it cannot be read or lacks a variable.
    public init(path: String) throws(LitestreamError) {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .configuration(path: path, reason: "it cannot be read")
        }
        for (variable, place) in [
            (Self.databaseVariable, "the database's path"), (Self.partVariable, "the replica's path"),
        ]
        where !text.contains("${\(variable)}") {
            throw .configuration(path: path, reason: "\(place) has to contain ${\(variable)}, which portald fills in")
        }
        self.path = path
    }
}
