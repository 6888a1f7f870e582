import Foundation
import GRDB
import Testing

@testable import MirrorStore

/// Reads of a file that is written to behind SQLite's back, as Litestream writes: page by page, and then its own file.
@Suite struct FollowedFileTests {
    /// A mirror, and the file that it is copied to.
    private struct Pair {
        let primary: String
        let follower: String

        init(in folder: URL) throws {
            primary = folder.appending(path: "primary.db").path
            follower = folder.appending(path: "follower.db").path
            let (store, _) = try MirrorStore.open(path: primary)
            try store.close()
        }

        /// Changes the primary, and leaves all of it in the file.
        func change(_ sql: String) throws {
            let queue = try DatabaseQueue(path: primary)
            try queue.inDatabase { db in
                try db.execute(sql: sql)
                try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
            try queue.close()
        }

        func beat(_ time: Int) throws { try change("UPDATE replication SET heartbeat_at = \(time)") }

        /// Restores the file under its name, as at the beginning.
        func restore() throws {
            try Data(contentsOf: URL(filePath: primary)).write(to: URL(filePath: follower), options: .atomic)
            try finish()
        }

        /// Writes the primary's pages into the file; the first page's counter of changes stays, as where a change does not
        /// concern that page.
        func apply(journalMode: UInt8) throws {
            var pages = try Data(contentsOf: URL(filePath: primary))
            let file = try FileHandle(forUpdating: URL(filePath: follower))
            let header = try #require(try file.read(upToCount: 100))
            pages.replaceSubrange(24..<28, with: header[24..<28])
            pages.replaceSubrange(18..<20, with: [journalMode, journalMode])
            try file.seek(toOffset: 0)
            try file.write(contentsOf: pages)
            try file.close()
        }

        /// Says that a change is whole.
        func finish() throws {
            try Data("0000000000000001\n".utf8).write(to: URL(filePath: follower + "-txid"), options: .atomic)
        }

        func store(livemode: Bool? = nil) -> MirrorStore { MirrorStore.openFollowed(path: follower, livemode: livemode) }
    }

    private static func heartbeat(_ store: MirrorStore) async throws -> Double? {
        try await ReplicationLog(store: store).state().heartbeatAt
    }

    private static let rollback: UInt8 = 1
    private static let wal: UInt8 = 2

    /// Sets a file's time apart from that of the file beside it, more than the file system's clock is coarse.
    private static func date(_ path: String, _ seconds: Double) throws {
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: seconds)], ofItemAtPath: path)
    }

    @Test(arguments: [rollback, wal]) func aChangeWithoutASignOfItIsSeen(journalMode: UInt8) async throws {
        try await TestMirror.inFolder { folder in
            let pair = try Pair(in: folder)
            try pair.beat(1)
            try pair.restore()
            let store = pair.store()
            #expect(try await Self.heartbeat(store) == 1)
            for time in 2...4 {
                try pair.beat(time)
                try pair.apply(journalMode: journalMode)
                try pair.finish()
                #expect(try await Self.heartbeat(store) == Double(time))
            }
            try store.close()
        }
    }

    /// Or Litestream would wait for it for ever.
    @Test(arguments: [rollback, wal]) func noLockIsHeldBetweenReads(journalMode: UInt8) async throws {
        try await TestMirror.inFolder { folder in
            let pair = try Pair(in: folder)
            try pair.restore()
            try pair.apply(journalMode: journalMode)
            try pair.finish()
            let store = pair.store()
            #expect(try await Self.heartbeat(store) == nil)
            let inode = try #require(FileStamp(pair.follower)).identity.inode
            let locks = try String(contentsOfFile: "/proc/locks", encoding: .utf8).split(separator: "\n")
            #expect(locks.filter { $0.contains(":\(inode) ") }.isEmpty)
            try store.close()
        }
    }

    @Test func whatIsNotWholeIsNotRead() async throws {
        try await TestMirror.inFolder { folder in
            let pair = try Pair(in: folder)
            try pair.beat(1)
            try pair.restore()
            let store = pair.store()
            try Self.date(pair.follower, 2000)
            try Self.date(pair.follower + "-txid", 1000)
            await #expect(throws: MirrorError.unfinishedChange(path: pair.follower)) { try await Self.heartbeat(store) }
            try Self.date(pair.follower + "-txid", 2000)
            #expect(try await Self.heartbeat(store) == 1)
            // It was open meanwhile.
            try Self.date(pair.follower, 3000)
            await #expect(throws: MirrorError.unfinishedChange(path: pair.follower)) { try await Self.heartbeat(store) }
            try store.close()
        }
    }

    @Test func aFileMayComeLaterBeReplacedAndBeMissing() async throws {
        try await TestMirror.inFolder { folder in
            let pair = try Pair(in: folder)
            let store = pair.store()
            await #expect(throws: MirrorError.self) { try await Self.heartbeat(store) }
            try pair.beat(1)
            try pair.restore()
            // In WAL mode it is closed after each read, and a name without a file is then no mirror.
            try pair.apply(journalMode: Self.rollback)
            try pair.finish()
            #expect(try await Self.heartbeat(store) == 1)
            try pair.beat(2)
            try pair.restore()
            #expect(try await Self.heartbeat(store) == 2)
            try pair.apply(journalMode: Self.rollback)
            try pair.finish()
            #expect(try await Self.heartbeat(store) == 2)
            try FileManager.default.removeItem(atPath: pair.follower)
            try FileManager.default.removeItem(atPath: pair.follower + "-txid")
            #expect(try await Self.heartbeat(store) == 2)
            try pair.beat(3)
            try pair.restore()
            #expect(try await Self.heartbeat(store) == 3)
            try store.close()
        }
    }

    @Test func anotherSchemaThatComesInIsRefused() async throws {
        try await TestMirror.inFolder { folder in
            let pair = try Pair(in: folder)
            try pair.restore()
            try pair.apply(journalMode: Self.rollback)
            try pair.finish()
            let store = pair.store()
            #expect(try await Self.heartbeat(store) == nil)
            try pair.change("CREATE TABLE later (id); INSERT INTO grdb_migrations VALUES ('9999_later')")
            try pair.apply(journalMode: Self.rollback)
            try pair.finish()
            await #expect(throws: MirrorError.newerSchema(path: pair.follower)) { try await Self.heartbeat(store) }
            try store.close()
        }
    }

    @Test func aMirrorOfTheOtherModeIsRefused() async throws {
        try await TestMirror.inFolder { folder in
            let pair = try Pair(in: folder)
            let (store, _) = try MirrorStore.open(path: pair.primary)
            try store.close()
            try await TestMirror.open(pair.primary) { mirror in
                try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: TestEvent.customer("cus_1", email: "a")))
            }
            try pair.restore()
            await #expect(throws: MirrorError.otherMode(path: pair.follower, livemode: false)) {
                try await Self.heartbeat(pair.store(livemode: true))
            }
            #expect(try await Self.heartbeat(pair.store(livemode: false)) == nil)
        }
    }

    @Test func nothingIsWrittenToIt() async throws {
        try await TestMirror.inFolder { folder in
            let pair = try Pair(in: folder)
            try pair.restore()
            let refusal = MirrorError.followed(path: pair.follower)
            await #expect(throws: refusal) { try await ReplicationLog(store: pair.store()).beat(at: 1, every: 1) }
            #expect(throws: refusal) { try MirrorStore.open(path: pair.follower) }
            #expect(throws: refusal) { try MirrorRebuild.run(at: pair.follower, now: 0) }
            let store = try MirrorStore.openReadOnly(path: pair.follower)
            #expect(try MirrorStatus(of: store, now: 0).isFollowed)
            try store.close()
        }
    }

    /// Litestream may have been there first.
    @Test func tablesOfLitestreamsOwnAreNoOtherProgramsDatabase() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "mirror.db").path
            let queue = try DatabaseQueue(path: path)
            try await queue.write { db in try db.execute(sql: "CREATE TABLE _litestream_seq (id)") }
            try queue.close()
            let (store, _) = try MirrorStore.open(path: path)
            try store.close()
        }
    }

    @Test func aChangeWakesThoseWhoWait() async throws {
        try await TestMirror.inFolder { folder in
            let pair = try Pair(in: folder)
            try pair.restore()
            let store = pair.store()
            let changes = FollowedChanges(store: store)
            let seen = changes.announce(since: nil)
            let place = try #require(store.arrivals.takePlace(for: ["evt_1"], by: UserID(stored: "u")))
            try pair.finish()
            #expect(changes.announce(since: seen) != seen)
            var wakes = place.wakes.makeAsyncIterator()
            #expect(await wakes.next() != nil)
            store.arrivals.leave(place)
            try store.close()
        }
    }
}
