import Testing

@testable import MirrorStore

@Suite struct WebhookSecretUseTests {
    private static let now: Int64 = 1_800_000_000
    private static let day = WebhookSecretUse.overlap

    /// Ages of the last use and the last need of each secret, and what they mean.
    @Test(
        arguments: [
            ([(nil, nil)], [.unused]),
            ([(0, 0)], [.inUse]),
            ([(day, day)], [.idle]),
            // The new one was made known before Stripe rolled to it.
            ([(nil, nil), (5, 5)], [.unused, .inUse]),
            // Stripe signs with both.
            ([(5, nil), (5, 100)], [.overlapping, .inUse]),
            ([(5, nil), (5, day)], [.overlapping, .overlapping]),
            // Stripe has stopped, but not for long.
            ([(5, 5), (day - 1, day + 9)], [.inUse, .overlapping]),
            ([(5, 5), (day, day + 9)], [.inUse, .safeToRemove]),
            // Two endpoints, each with its own.
            ([(5, 5), (9, 9)], [.inUse, .inUse]),
            // Nothing came since the secret was used, so nothing shows that another one is enough.
            ([(day + 5, day + 5), (day, day)], [.safeToRemove, .idle]),
            ([(day, day), (day, day)], [.idle, .idle]),
        ] as [([(Int64?, Int64?)], [WebhookSecretUse.Standing])]
    )
    func saysWhatMayGo(_ ages: [(Int64?, Int64?)], _ standings: [WebhookSecretUse.Standing]) {
        let times = ages.enumerated().map { number, age in
            WebhookSecretUse.Times(
                fingerprint: "\(number)",
                lastUsedAt: age.0.map { Self.now - $0 },
                lastNeededAt: age.1.map { Self.now - $0 }
            )
        }
        #expect(WebhookSecretUse.uses(times, at: Self.now).map(\.standing) == standings)
    }

    @Test func theMirrorKeepsTheTimes() async throws {
        try await TestMirror.with { mirror async throws in
            func deliver(_ number: Int, at now: Double, _ secrets: String...) async throws {
                let event = TestEvent(id: "evt_\(number)", type: "price.created", object: #"{"id":"p","object":"price"}"#)
                _ = try await mirror.writer.commit(event.delivery(at: now, secrets: secrets))
            }
            func uses() throws -> [[String?]] {
                try MirrorStatus(of: mirror.store, now: 2_000_000_000).webhookSecrets.map { use in
                    [use.fingerprint, use.lastUsedAt.map(String.init), use.lastNeededAt.map(String.init)]
                }
            }
            let log = SyncLog(store: mirror.store)
            try await log.setWebhookSecrets(["new", "old"])
            #expect(try uses() == [["new", nil, nil], ["old", nil, nil]])
            try await deliver(1, at: 100, "old")
            try await deliver(2, at: 200, "new", "old")
            #expect(try uses() == [["new", "200", nil], ["old", "200", "100"]])
            try await deliver(3, at: 300, "new")
            // A clock that goes back takes nothing back.
            try await deliver(4, at: 250, "new")
            // What was not signed says nothing.
            try await deliver(5, at: 400)
            #expect(try uses() == [["new", "300", "300"], ["old", "200", "100"]])
            try await log.setWebhookSecrets(["new"])
            #expect(try uses() == [["new", "300", "300"]])
            try await log.setWebhookSecrets(["old", "new"])
            #expect(try uses() == [["old", "200", "100"], ["new", "300", "300"]])
        }
    }
}
