import Testing

@testable import MirrorStore

/// When the mirror last heard from Stripe.
@Suite struct HeardAtTests {
    private func heardAt(_ mirror: TestMirror) async throws -> Double? {
        try await MirrorReader(store: mirror.store).snapshot(of: UserID("u")).heardAt
    }

    private static let ignored = TestEvent(id: "evt_1", type: "price.created", object: #"{"id":"price_1","object":"price"}"#)

    @Test func eventsAndPassesCount() async throws {
        try await TestMirror.with { mirror async throws in
            #expect(try await mirror.deliver(Self.ignored, at: 1_700_000_001.5) == .ignored)
            #expect(try await heardAt(mirror) == 1_700_000_001.5)
            #expect(try await mirror.deliver(Self.ignored, at: 1_700_000_002) == .duplicate)
            #expect(try await heardAt(mirror) == 1_700_000_002)
            let log = SyncLog(store: mirror.store)
            try await log.markSwept(to: 1_700_000_000, at: 1_700_000_003)
            #expect(try await heardAt(mirror) == 1_700_000_003)
            let verification = try await log.beginPass(.verification, at: 1_700_000_003, date: 1_700_000_003)
            try await log.finish(verification, at: 1_700_000_004)
            #expect(try await heardAt(mirror) == 1_700_000_003)
            let backfill = try await log.beginPass(.backfill, at: 1_700_000_004, date: 1_700_000_004)
            #expect(try await heardAt(mirror) == 1_700_000_003)
            try await log.finish(backfill, at: 1_700_000_005)
            #expect(try await heardAt(mirror) == 1_700_000_005)
        }
    }

    @Test func whatTheOperatorSendsAgainDoesNot() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(Self.ignored, at: 1_700_000_001)
            _ = try await mirror.writer.commit(Self.ignored.delivery(at: 1_700_000_009, source: .replay))
            #expect(try await heardAt(mirror) == 1_700_000_001)
        }
    }
}
