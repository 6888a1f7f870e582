import Foundation
import GRDB
import Testing

@testable import MirrorStore

@Suite struct CheckpointsTests {
    @Test(
        arguments: [
            (nil, 0, Checkpoints.sqlite),
            (1000, 0, .litestream),
            (930, 0, .litestream),
            (929, 0, .sqlite),
            (1100, 0, .litestream),
            (1000, Checkpoints.longestLog, .sqlite),
        ] as [(Double?, Int, Checkpoints)]
    )
    func areLeftToALitestreamThatIsAtWork(capturedAt: Double?, logBytes: Int, expected: Checkpoints) {
        #expect(Checkpoints(capturedAt: capturedAt, interval: 10, logBytes: logBytes, at: 1000) == expected)
    }

    @Test func theWriterKeepsToThem() async throws {
        try await TestMirror.with { mirror async throws in
            for (checkpoints, pages) in [(Checkpoints.litestream, 0), (.sqlite, 1000)] {
                try await mirror.store.set(checkpoints)
                let set = try await mirror.store.pool.writeWithoutTransaction { db in
                    try Int.fetchOne(db, sql: "PRAGMA wal_autocheckpoint")
                }
                #expect(set == pages)
            }
        }
    }
}
