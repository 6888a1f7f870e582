import Foundation
import GRDB
import Testing

@testable import MirrorStore

/// A mirror on a real file, with its writer running.
struct TestMirror {
    let store: MirrorStore
    let writer: MirrorWriter

    /// Runs a test on a mirror in a folder of its own.
    static func with(_ body: (TestMirror) async throws -> Void) async throws {
        try await inFolder { folder in
            try await open(folder.appending(path: "mirror.db").path, body)
        }
    }

    static func open(_ path: String, _ body: (TestMirror) async throws -> Void) async throws {
        let (store, _) = try MirrorStore.open(path: path)
        let writer = MirrorWriter(store: store, metadataKey: "user_id", livemode: false)
        let mirror = TestMirror(store: store, writer: writer)
        try await withThrowingTaskGroup { group in
            group.addTask { await writer.run() }
            try await body(mirror)
            group.cancelAll()
        }
        try store.close()
    }

    static func inFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mirror-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    @discardableResult
    func deliver(_ event: TestEvent, at now: Double = 1_700_000_100) async throws -> Outcome {
        try await writer.commit(event.delivery(at: now))
    }

    func row(_ table: String, _ id: String) throws -> Row? {
        try store.pool.read { db in try Row.fetchOne(db, sql: "SELECT * FROM \(table) WHERE id = ?", arguments: [id]) }
    }

    /// A column as text, so that an expectation compares strings.
    func text(_ column: String, of table: String, _ id: String) throws -> String? {
        try store.pool.read { db in
            try String.fetchOne(db, sql: "SELECT CAST(\(column) AS TEXT) FROM \(table) WHERE id = ?", arguments: [id])
        }
    }

    func strings(_ sql: String) throws -> [String] {
        try store.pool.read { db in try String.fetchAll(db, sql: sql) }
    }

    func links() throws -> [String] {
        try strings("SELECT user_id || ' ' || customer || ' ' || source FROM user_links ORDER BY claimant")
    }
}
