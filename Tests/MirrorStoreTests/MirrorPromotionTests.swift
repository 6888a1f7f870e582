import Foundation
import GRDB
import Testing

@testable import MirrorStore

@Suite struct MirrorPromotionTests {
    /// A mirror as `portald follow` keeps it: a link to a file with Litestream's own beside it.
    private static func withNode(_ body: (_ link: String, _ folder: URL) async throws -> Void) async throws {
        try await TestMirror.inFolder { folder in
            let file = folder.appending(path: "mirror.db.1").path
            let (store, _) = try MirrorStore.open(path: file)
            try store.close()
            let link = folder.appending(path: "mirror.db").path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "mirror.db.1")
            try Data("0000000000000001\n".utf8).write(to: URL(filePath: file + "-txid"))
            try await body(link, folder)
        }
    }

    private static func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test func theFileBecomesThePrimarysUnderTheMirrorsName() async throws {
        try await Self.withNode { link, folder in
            let captures = folder.appending(path: ".mirror.db-litestream/ltx/0")
            try FileManager.default.createDirectory(at: captures, withIntermediateDirectories: true)
            let promotion = try MirrorPromotion(of: link, livemode: false)
            #expect(promotion.epoch == 1)
            let claim = try promotion.claim(host: "db-2", at: 1000)
            #expect(claim.epoch == 2 && claim.host == "db-2")
            try promotion.begin(claim, at: 2000)
            // What was captured for another place in the replica is gone too.
            #expect(try Self.names(folder) == ["mirror.db"])
            let (store, _) = try MirrorStore.open(path: link)
            let state = try await ReplicationLog(store: store).state()
            #expect(state.epoch == 2 && state.claim == claim.token && state.epochBeganAt == 2000)
            #expect(!state.isCovered(bySweepAt: 1999) && state.isCovered(bySweepAt: 2000))
            try store.close()
            #expect(throws: MirrorError.self) { try MirrorPromotion(of: link, livemode: false) }
        }
    }

    /// So that one which was cut short after its claim is not refused by that very claim.
    @Test func theSameClaimIsMadeAgain() async throws {
        try await Self.withNode { link, folder in
            let first = try MirrorPromotion(of: link, livemode: false).claim(host: "db-2", at: 1000)
            let promotion = try MirrorPromotion(of: link, livemode: false)
            #expect(try promotion.claim(host: "db-2", at: 2000) == first)
            let later = try promotion.claim(host: "db-2", at: 3000, epoch: 3)
            #expect(later.epoch == 3 && later.token != first.token)
            try promotion.discardClaim()
            #expect(try Self.names(folder).filter { $0.contains("promotion") }.isEmpty)
            #expect(try promotion.claim(host: "db-2", at: 4000) != first)
        }
    }

    /// By a loss of power, say, once the file is of the new epoch.
    @Test func oneThatWasCutShortIsEnded() async throws {
        try await Self.withNode { link, folder in
            let promotion = try MirrorPromotion(of: link, livemode: false)
            let claim = try promotion.claim(host: "db-2", at: 1000)
            try promotion.mark(claim, at: 2000)
            let file = folder.appending(path: "mirror.db.1").path
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 4e9)], ofItemAtPath: file)
            #expect(throws: FollowedLink.Occupied.byPromotion(path: link)) { try FollowedLink(path: link).target() }
            let again = try MirrorPromotion(of: link, livemode: false)
            #expect(again.begun == claim)
            try again.begin(claim, at: 3000)
            #expect(try Self.names(folder) == ["mirror.db"])
        }
    }

    /// What was written would stay in the log beside the file, and not come along where that is renamed.
    @Test func oneThatReadersDoNotLetGoOfStaysAsItIs() async throws {
        try await Self.withNode { link, folder in
            let file = folder.appending(path: "mirror.db.1").path
            let promotion = try MirrorPromotion(of: link, livemode: false)
            let claim = try promotion.claim(host: "db-2", at: 1000)
            let reader = try DatabaseQueue(path: file)
            let epoch = { try reader.read { db in try Int.fetchOne(db, sql: "SELECT epoch FROM replication") } }
            // In WAL mode it keeps its lock as long as it is open.
            #expect(try epoch() == 1)
            let error = #expect(throws: MirrorError.self) { try promotion.mark(claim, at: 2000, patience: 0) }
            #expect(error?.description.contains("programs read it all the time") == true)
            #expect(try epoch() == 1)
            try reader.close()
            try MirrorPromotion(of: link, livemode: false).begin(claim, at: 3000)
            #expect(try Self.names(folder) == ["mirror.db"])
        }
    }

    @Test func whatIsNotWholeIsNotPromoted() async throws {
        try await Self.withNode { link, folder in
            let file = folder.appending(path: "mirror.db.1").path
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 4e9)], ofItemAtPath: file)
            #expect(throws: MirrorError.unfinishedChange(path: link)) { try MirrorPromotion(of: link, livemode: false) }
        }
    }

    /// By another process, as Litestream is one.
    @Test func whatIsStillFollowedIsNotPromoted() async throws {
        try await Self.withNode { link, folder in
            let follower = Process()
            follower.executableURL = URL(filePath: "/bin/sh")
            follower.arguments = ["-c", #"exec 3<>"$0"; echo; read line"#, folder.appending(path: "mirror.db.1").path]
            let (input, output) = (Pipe(), Pipe())
            follower.standardInput = input
            follower.standardOutput = output
            try follower.run()
            _ = try output.fileHandleForReading.read(upToCount: 1)
            let error = #expect(throws: MirrorError.self) { try MirrorPromotion(of: link, livemode: false) }
            #expect(error?.description.contains("process \(follower.processIdentifier)") == true)
            try input.fileHandleForWriting.close()
            follower.waitUntilExit()
            #expect(try MirrorPromotion(of: link, livemode: false).epoch == 1)
        }
    }
}
