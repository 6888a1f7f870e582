import Foundation
import MirrorStore
import TestSupport
import Testing

@testable import Sync

@Suite struct HeartbeatTests {
    @Test(arguments: [(60, 10.0), (6, 1), (1, 1)] as [(Int64, Double)])
    func severalSignsCanBeMissed(lagLimit: Int64, interval: Double) {
        #expect(Heartbeat.interval(lagLimit: lagLimit) == interval)
    }

    @Test func checkpointsAreLitestreamsWhileItIsAtWork() async throws {
        try await RunningMirror.run { mirror in
            let log = LogCapture()
            let heartbeat = Heartbeat(store: mirror.store, interval: 10, now: { 5000 }, logger: log.logger)
            #expect(try await heartbeat.beatOnce(after: .sqlite) == .sqlite)
            let state = try await ReplicationLog(store: mirror.store).state()
            #expect(state.heartbeatAt == 5000 && state.heartbeatInterval == 10 && state.epoch == 1)
            #expect(log.messages.isEmpty)

            let file = URL(filePath: mirror.store.path)
            let captures = file.deletingLastPathComponent().appending(path: ".\(file.lastPathComponent)-litestream/ltx/0")
            try FileManager.default.createDirectory(at: captures, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 4990)], ofItemAtPath: captures.path)
            #expect(try await heartbeat.beatOnce(after: .sqlite) == .litestream)
            #expect(try await heartbeat.beatOnce(after: .litestream) == .litestream)
            #expect(log.messages == ["Litestream replicates the mirror; checkpoints are left to it"])

            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 4900)], ofItemAtPath: captures.path)
            #expect(try await heartbeat.beatOnce(after: .litestream) == .sqlite)
            #expect(log.complaints.count == 1)
        }
    }
}
