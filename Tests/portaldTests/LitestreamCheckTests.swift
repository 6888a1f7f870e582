import MirrorStore
import Replica
import Testing

@testable import portald

@Suite struct LitestreamCheckTests {
    private static let state = ReplicationState(epoch: 2, claim: "ours", heartbeatAt: 990, heartbeatInterval: 10)

    private static func claim(_ epoch: Int, token: String? = nil) -> EpochClaim {
        var claim = EpochClaim(epoch: epoch, host: "db-2", at: 0)
        if let token { claim.token = token }
        return claim
    }

    @Test(arguments: [
        ("0.5.17", Finding.Level.ok), ("v0.5.18-rc1", .ok), ("0.6.0", .ok), ("1.0", .ok), ("0.5.9", .failure), ("0.3.13", .failure),
        ("", .failure),
    ])
    func theVersionIsKnown(version: String, level: Finding.Level) {
        #expect(LitestreamCheck.version(.success(version)).level == level)
    }

    @Test func aMissingProgramIsAFailure() {
        let finding = LitestreamCheck.version(.failure(.notFound("litestream")))
        #expect(finding.level == .failure && finding.message.contains("PORTALD_LITESTREAM"))
    }

    @Test(
        arguments: [
            (995, 1000, Finding.Level.ok), (970, 1000, .ok), (969, 1000, .failure), (nil, 1000, .failure),
            // The daemon has given no sign either.
            (900, 1100, .warning),
        ] as [(Double?, Double, Finding.Level)]
    )
    func theLastSignOfLifeIsCaptured(capturedAt: Double?, now: Double, level: Finding.Level) {
        #expect(LitestreamCheck.capture(capturedAt, Self.state, at: now).level == level)
    }

    @Test(arguments: [(60, Finding.Level.ok), (61, .failure), (nil, .failure)] as [(Double?, Finding.Level)])
    func aNodeLags(lag: Double?, level: Finding.Level) {
        #expect(LitestreamCheck.lag(lag, limit: 60).level == level)
    }

    @Test func theReplicaSaysWhoThePrimaryIs() {
        func finding(_ successor: EpochClaim?, _ holder: EpochClaim?) -> Finding {
            LitestreamCheck.epoch(successor: successor, holder: holder, Self.state)
        }
        #expect(finding(nil, Self.claim(2, token: "ours")).level == .ok)
        #expect(finding(nil, Self.claim(2)).level == .failure)
        #expect(finding(nil, nil).level == .warning)
        let superseded = finding(Self.claim(3), Self.claim(2, token: "ours"))
        #expect(superseded.level == .failure && superseded.message.contains("db-2") && superseded.message.contains("3"))
    }
}
