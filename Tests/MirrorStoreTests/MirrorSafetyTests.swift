import Foundation
import GRDB
import Testing

@testable import MirrorStore

/// Copies of the file, its check, and its beginning anew.
@Suite struct MirrorSafetyTests {
    private func damage(_ path: String) async throws {
        let queue = try DatabaseQueue(path: path)
        let place = try await queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            let page = try Int.fetchOne(db, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'customers'") ?? 0
            return (page - 1) * (try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
        }
        try queue.close()
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: Data(repeating: 0xA5, count: 512))
        try file.close()
    }

    @Test func aBackupIsOneSnapshot() async throws {
        try await TestMirror.inFolder { folder in
            try await TestMirror.open(folder.appending(path: "mirror.db").path) { mirror async throws in
                try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1")))
                let copy = folder.appending(path: "copy.db").path
                let shares = Shares()
                let report = try MirrorBackup.write(from: mirror.store.path, to: copy, replacing: false) { shares.values.append($0) }
                #expect(report.path == copy)
                #expect(report.schema == Migrations.steps.last?.name)
                #expect(shares.values.last == 1)
                #expect(throws: MirrorError.self) {
                    try MirrorBackup.write(from: mirror.store.path, to: copy, replacing: false) { _ in }
                }
                try await mirror.deliver(TestEvent(id: "evt_2", type: "customer.created", object: TestEvent.customer("cus_2")))
                #expect(try await ids(at: copy) == ["cus_1"])
                _ = try MirrorBackup.write(from: mirror.store.path, to: copy, replacing: true) { _ in }
                #expect(try await ids(at: copy) == ["cus_1", "cus_2"])
                let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("copy") }
                #expect(names == ["copy.db"])
            }
        }
    }

    /// An operator may be quick, and each former file is kept.
    @Test func aSecondRebuildInTheSameSecondReplacesNothing() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            for _ in 1...3 {
                try Data(repeating: 0xA5, count: 8192).write(to: URL(filePath: path))
                #expect(throws: MirrorError.damaged(path: path, finding: "file is not a database")) {
                    try MirrorCheck.run(on: path)
                }
                _ = try MirrorRebuild.run(at: path, now: 1_700_000_000)
                try MirrorCheck.run(on: path)
            }
            // The check only reads, and so may leave an empty log beside the file.
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }.sorted()
            let former = "mirror.db.damaged-1700000000"
            #expect(names == ["mirror.db", former, former + "-2", former + "-3"])
        }
    }

    private final class Shares {
        var values: [Double] = []
    }

    private func ids(at path: String) async throws -> [String] {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try await queue.read { db in try String.fetchAll(db, sql: "SELECT id FROM customers ORDER BY id") }
    }

    @Test func damageIsFound() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            #expect(MirrorCheck.length(of: path) == 0)
            #expect(MirrorCheck.length(of: folder.path) == 0)
            try await TestMirror.open(path) { mirror async throws in
                try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1")))
                try MirrorCheck.run(on: path)
            }
            try await damage(path)
            let error = #expect(throws: MirrorError.self) { try MirrorCheck.run(on: path) }
            guard case .damaged(path, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(throws: MirrorError.self) {
                try MirrorBackup.write(from: path, to: folder.appending(path: "copy.db").path, replacing: false) { _ in }
            }
            #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "copy.db").path))
        }
    }

    @Test func aRebuildKeepsWhatTheOperatorDecided() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            try await TestMirror.open(path) { mirror async throws in
                let links = UserLinks(store: mirror.store)
                _ = try await links.link(UserID("alice"), to: "cus_1", at: 1_700_000_000)
                _ = try await links.unlink(UserID("bob"), from: "cus_2", at: 1_700_000_001)
                #expect(throws: MirrorError.unusable(path: path, reason: "a program has it open; stop the daemon first")) {
                    try MirrorRebuild.run(at: path, now: 1_700_000_050)
                }
            }
            try await damage(path)
            let report = try MirrorRebuild.run(at: path, now: 1_700_000_100)
            #expect(report == .init(formerPath: path + ".damaged-1700000100", decisions: 2, unreadable: nil, knowsEpoch: true))
            #expect(FileManager.default.fileExists(atPath: report.formerPath))
            try await TestMirror.open(path) { mirror async throws in
                let decisions = "SELECT user_id || ' ' || customer || ' ' || verdict || ' ' || decided_at FROM link_decisions ORDER BY 1"
                #expect(try mirror.strings(decisions) == ["alice cus_1 linked 1700000000", "bob cus_2 unlinked 1700000001"])
                #expect(try mirror.strings("SELECT id FROM customers").isEmpty)
            }
        }
    }

    @Test func aRebuildOfAFileThatCannotBeReadAtAllBeginsEmpty() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
            let report = try MirrorRebuild.run(at: path, now: 1_700_000_100)
            #expect(report.decisions == 0)
            #expect(report.unreadable != nil)
            try await TestMirror.open(path) { mirror async throws in
                #expect(try mirror.strings("PRAGMA integrity_check") == ["ok"])
            }
        }
    }

    /// Root rebuilds, and the daemon, which is not root, has to open the file.
    @Test(.enabled(if: geteuid() == 0)) func aRebuiltFileBelongsToWhomTheFormerBelonged() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            try await TestMirror.open(path) { _ in }
            let owner: [FileAttributeKey: any Sendable] = [.ownerAccountID: 1234, .groupOwnerAccountID: 4321]
            try FileManager.default.setAttributes(owner, ofItemAtPath: path)
            _ = try MirrorRebuild.run(at: path, now: 1_700_000_100)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.ownerAccountID] as? Int == 1234)
            #expect(attributes[.groupOwnerAccountID] as? Int == 4321)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }
}
