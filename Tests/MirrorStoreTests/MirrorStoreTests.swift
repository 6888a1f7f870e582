import Foundation
import GRDB
import Testing

@testable import MirrorStore

@Suite struct MirrorStoreTests {
    @Test func aNewFileIsItsOwnersOnly() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            let (store, migrations) = try MirrorStore.open(path: path)
            #expect(
                migrations == [
                    "0001_initial", "0002_sync", "0003_history", "0004_links", "0005_activity", "0006_webhook_secrets",
                    "0007_endpoint", "0008_replication", "0009_latest",
                ]
            )
            for suffix in ["", "-wal", "-shm"] {
                let mode = try FileManager.default.attributesOfItem(atPath: path + suffix)[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(suffix)")
            }
            try store.close()
            let (again, none) = try MirrorStore.open(path: path)
            #expect(none.isEmpty)
            try again.close()
        }
    }

    @Test func commitsAreDurable() async throws {
        try await TestMirror.with { mirror async throws in
            let pragmas = try await mirror.store.pool.writeWithoutTransaction { db in
                try ["synchronous", "journal_mode", "foreign_keys"].map { name in
                    try String.fetchOne(db, sql: "PRAGMA \(name)")
                }
            }
            #expect(pragmas == ["2", "wal", "1"])
        }
    }

    @Test func theMigrationsAreTheFilesOfTheFolder() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(Migrations.steps.map { $0.name + ".sql" } == files)
        for step in Migrations.steps {
            #expect(try Data(contentsOf: folder.appending(path: step.name + ".sql")) == Data(step.sql))
        }
    }

    @Test func anotherProgramsDatabaseIsRefused() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "other.db").path
            let other = try DatabaseQueue(path: path)
            try await other.write { db in try db.execute(sql: "CREATE TABLE albums (id)") }
            try other.close()
            #expect(throws: MirrorError.foreign(path: path)) { try MirrorStore.open(path: path) }
            #expect(throws: MirrorError.foreign(path: path)) { try MirrorStore.openReadOnly(path: path) }
        }
    }

    @Test func aNewerDatabaseIsRefused() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            try await TestMirror.open(path) { mirror async throws in
                try await mirror.store.pool.write { db in
                    try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999_future')")
                }
            }
            #expect(throws: MirrorError.newerSchema(path: path)) { try MirrorStore.open(path: path) }
            #expect(throws: MirrorError.newerSchema(path: path)) { try MirrorStore.openReadOnly(path: path) }
        }
    }

    @Test func whatIsNoDatabaseIsRefused() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
            #expect(throws: MirrorError.self) { try MirrorStore.open(path: path) }
            #expect(try Data(contentsOf: URL(filePath: path)) == Data(repeating: 0x41, count: 8192))
        }
    }

    @Test(arguments: [
        TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1")),
        TestEvent(
            id: "evt_1",
            type: "customer.subscription.created",
            object: TestEvent.subscription("sub_1", customer: "cus_1")
        ),
    ])
    func aMirrorIsOfOneMode(event: TestEvent) async throws {
        try await TestMirror.with { mirror async throws in
            try mirror.store.requireMode(livemode: true)
            try mirror.store.requireMode(livemode: false)
            try await mirror.deliver(event)
            try mirror.store.requireMode(livemode: false)
            #expect(throws: MirrorError.otherMode(path: mirror.store.path, livemode: false)) {
                try mirror.store.requireMode(livemode: true)
            }
        }
    }

    @Test func aMissingFolderIsNamed() {
        #expect(throws: MirrorError.unusable(path: "/nowhere/mirror.db", reason: "No such file or directory")) {
            try MirrorStore.open(path: "/nowhere/mirror.db")
        }
    }

    @Test func aReaderNeedsAFileOfThisSchema() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            #expect(throws: MirrorError.self) { try MirrorStore.openReadOnly(path: path) }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func readersSeeTheLastCommitAndDoNotWait() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1", user: "u")))
            let user = try UserID("u")
            // A write that stays open on the one writing connection while another one reads.
            let seen = try Self.customers(of: user, duringAWriteTo: mirror.store.pool)
            #expect(seen == 1)
        }
    }

    private static func customers(of user: UserID, duringAWriteTo pool: DatabasePool) throws -> Int? {
        var seen: Int?
        try pool.writeWithoutTransaction { db in
            try db.inTransaction {
                try db.execute(sql: "DELETE FROM link_claims")
                seen = try pool.read { db in
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM user_links WHERE user_id = ?", arguments: [user.rawValue])
                }
                return .rollback
            }
        }
        return seen
    }
}
