import Testing

@testable import MirrorStore

@Suite struct AnsweredRequestTests {
    private static func answer(_ id: String, at time: Double, user: String = "alice", of endpoint: String = "/api/subscriptions/user") -> AnsweredRequest {
        AnsweredRequest(
            id: id,
            user: UserID(stored: user),
            at: time,
            endpoint: endpoint,
            code: "customer_not_found",
            customer: nil,
            milliseconds: 2
        )
    }

    @Test func answersAreFoundByIdAndUser() async throws {
        try await TestMirror.with { mirror async throws in
            let log = AnsweredRequestLog(store: mirror.store)
            let answers = (1...4).map { Self.answer("req_\($0)", at: 1_700_000_000 + Double($0)) }
            try await log.append(answers + [Self.answer("req_b", at: 1_700_000_009, user: "bob")])
            #expect(try await log.request("req_2") == answers[1])
            #expect(try await log.request("req_9") == nil)
            let reader = MirrorReader(store: mirror.store)
            let now = try await reader.record(of: UserID("alice"), at: nil, limit: 2)
            #expect(now.requests.map(\.id) == ["req_4", "req_3"])
            let then = try await reader.record(of: UserID("alice"), at: 1_700_000_002, limit: 5)
            #expect(then.requests.map(\.id) == ["req_2", "req_1"])
        }
    }

    @Test func ofOneUserTheNewestAreKept() async throws {
        try await TestMirror.with { mirror async throws in
            let log = AnsweredRequestLog(store: mirror.store)
            try await log.append([
                Self.answer("req_a", at: 1_699_999_999, of: "/api/subscriptions/user/billing-portal"),
                Self.answer("req_b", at: 1_699_999_999, user: "bob"),
            ])
            let answers = (0..<250).map { Self.answer("req_\($0)", at: 1_700_000_000 + Double($0 / 3)) }
            try await log.append(Array(answers[..<80]))
            try await log.append(Array(answers[80..<90]))
            try await log.append(Array(answers[90...]))
            let kept = try mirror.strings("SELECT id FROM portal_requests WHERE at >= 1700000000 ORDER BY at, rowid")
            #expect(kept == answers.suffix(AnsweredRequestLog.capacity).map(\.id))
            #expect(try await log.request("req_a") != nil)
            #expect(try await log.request("req_b") != nil)
        }
    }

    @Test func oldAnswersAndSessionsAreForgotten() async throws {
        try await TestMirror.with { mirror async throws in
            let log = AnsweredRequestLog(store: mirror.store)
            try await log.append(
                (0..<1200).map { Self.answer("req_\($0)", at: 1_700_000_000 + Double($0), user: "user \($0)") }
            )
            try await mirror.deliver(.checkout("cs_1", user: "alice", customer: "cus_1"), at: 1_700_000_000)
            let pruner = MirrorPruner(store: mirror.store)
            #expect(try await pruner.removeRequests(answeredBefore: 1_700_000_700) == 700)
            #expect(try await pruner.removeRequests(answeredBefore: 1_700_000_700) == 0)
            #expect(try await log.request("req_699") == nil)
            #expect(try await log.request("req_700") != nil)
            _ = try await pruner.forget(before: 1_700_000_001)
            #expect(try mirror.strings("SELECT session FROM checkouts").isEmpty)
            #expect(try mirror.strings("SELECT claimant FROM link_claims") == ["cs_1"])
        }
    }
}
