import GRDB
import Stripe
import Testing

@testable import MirrorStore

/// What the operator decides about claims, and what the ledger keeps of it.
@Suite struct LinkDecisionTests {
    private static let start = 1_700_000_000.0
    private static let alice = UserID(stored: "alice")
    private static let bob = UserID(stored: "bob")

    /// A customer that its metadata gives to Alice and a Checkout session to Bob.
    private func conflict(_ mirror: TestMirror) async throws -> UserLinks {
        let object = TestEvent.customer("cus_1", user: "alice")
        try await mirror.deliver(TestEvent(id: "evt_1", type: "customer.created", object: object), at: Self.start + 1)
        try await mirror.deliver(.checkout("cs_1", user: "bob", customer: "cus_1"), at: Self.start + 2)
        return UserLinks(store: mirror.store)
    }

    /// Whether a customer is a user's alone, shared, or not theirs.
    private func reach(_ user: UserID, _ mirror: TestMirror) async throws -> String {
        let customers = try await MirrorReader(store: mirror.store).snapshot(of: user).customers
        return customers.map { "\($0.id) \($0.isClaimedByOthers ? "shared" : "alone")" }.joined(separator: ", ")
    }

    private func standings(_ links: UserLinks, _ filter: UserLinks.Filter = .init()) throws -> [String] {
        var lines: [String] = []
        try links.forEach(filter) { lines.append("\($0.customer) \($0.user) \($0.claimant ?? "-") \($0.standing.rawValue)") }
        return lines
    }

    @Test func theOperatorsLinkEndsAConflict() async throws {
        try await TestMirror.with { mirror async throws in
            let links = try await conflict(mirror)
            #expect(try await reach(Self.alice, mirror) == "cus_1 shared")
            #expect(try standings(links) == ["cus_1 alice cus_1 conflict", "cus_1 bob cs_1 conflict"])

            let decided = try await links.link(Self.alice, to: "cus_1", at: Self.start + 3)
            #expect((decided.change, decided.replaced, decided.isCustomerKnown) == (.linked, nil, true))
            #expect(try await reach(Self.alice, mirror) == "cus_1 alone")
            #expect(try await reach(Self.bob, mirror) == "")
            #expect(try mirror.strings("SELECT customer FROM link_conflicts").isEmpty)
            #expect(try mirror.strings("SELECT user_id || ' ' || source || ' ' || created_at FROM user_links") == ["alice operator 1700000003"])

            // Whatever metadata says from now on.
            let object = TestEvent.customer("cus_1", user: "mallory")
            let moved = TestEvent(id: "evt_2", type: "customer.updated", object: object, previous: #"{"metadata":{"user_id":"alice"}}"#)
            try await mirror.deliver(moved, at: Self.start + 4)
            #expect(try await reach(Self.alice, mirror) == "cus_1 alone")
            #expect(
                try standings(links) == [
                    "cus_1 alice - in_force", "cus_1 bob cs_1 overruled", "cus_1 mallory cus_1 overruled",
                ]
            )

            #expect(try await links.undo(Self.alice, "cus_1", at: Self.start + 5).change == .undone)
            #expect(try await reach(Self.alice, mirror) == "")
            #expect(try await reach(Self.bob, mirror) == "cus_1 shared")
            #expect(try mirror.strings("SELECT customer || users FROM link_conflicts") == ["cus_12"])
        }
    }

    @Test func aLinkReplacesTheOneBefore() async throws {
        try await TestMirror.with { mirror async throws in
            let links = try await conflict(mirror)
            _ = try await links.link(Self.alice, to: "cus_1", at: Self.start + 3)
            #expect(try await links.link(Self.alice, to: "cus_1", at: Self.start + 4).change == nil)
            let decided = try await links.link(Self.bob, to: "cus_1", at: Self.start + 5)
            #expect((decided.change, decided.replaced) == (.linked, "alice"))
            #expect(decided.links.map(\.standing) == [.overruled, .inForce, .agrees])
            #expect(try await reach(Self.bob, mirror) == "cus_1 alone")
            // Alice's is gone, not waiting behind Bob's.
            _ = try await links.undo(Self.bob, "cus_1", at: Self.start + 6)
            #expect(try await reach(Self.alice, mirror) == "cus_1 shared")
        }
    }

    @Test func whatIsUnlinkedIsSetAsideUntilItIsUndone() async throws {
        try await TestMirror.with { mirror async throws in
            let links = try await conflict(mirror)
            #expect(try await links.unlink(Self.bob, from: "cus_1", at: Self.start + 3).change == .unlinked)
            #expect(try await reach(Self.alice, mirror) == "cus_1 alone")
            // Further claims of the same are set aside too.
            let subscription = TestEvent.subscription("sub_1", customer: "cus_1", user: "bob")
            try await mirror.deliver(TestEvent(id: "evt_2", type: "customer.subscription.created", object: subscription))
            #expect(try await reach(Self.alice, mirror) == "cus_1 alone")
            #expect(try mirror.strings("SELECT user_id FROM active_subscriptions") == ["alice"])
            #expect(
                try standings(links, .init(user: Self.bob)) == [
                    "cus_1 bob - unlinked", "cus_1 bob cs_1 overruled", "cus_1 bob sub_1 overruled",
                ]
            )
            #expect(try await links.unlink(Self.bob, from: "cus_1", at: Self.start + 4).change == nil)
            #expect(try await links.undo(Self.bob, "cus_1", at: Self.start + 5).change == .undone)
            #expect(try await links.undo(Self.bob, "cus_1", at: Self.start + 6).change == nil)
            #expect(try await reach(Self.alice, mirror) == "cus_1 shared")

            // Of a link, it takes away the link.
            _ = try await links.link(Self.bob, to: "cus_1", at: Self.start + 7)
            _ = try await links.unlink(Self.bob, from: "cus_1", at: Self.start + 8)
            #expect(try await reach(Self.bob, mirror) == "")
            #expect(try await reach(Self.alice, mirror) == "cus_1 alone")
        }
    }

    @Test func aCustomerNeedNotBeKnown() async throws {
        try await TestMirror.with { mirror async throws in
            let decided = try await UserLinks(store: mirror.store).link(Self.alice, to: "cus_9", at: Self.start)
            #expect(!decided.isCustomerKnown)
            #expect(try await reach(Self.alice, mirror) == "cus_9 alone")
        }
    }

    @Test func linksAreAskedForByCustomerUserAndConflict() async throws {
        try await TestMirror.with { mirror async throws in
            let links = try await conflict(mirror)
            for (event, customer, user) in [("evt_3", "cus_3", "bob"), ("evt_2", "cus_2", "alice")] {
                try await mirror.deliver(TestEvent(id: event, type: "customer.created", object: TestEvent.customer(customer, user: user)))
            }
            let conflicts = ["cus_1 alice cus_1 conflict", "cus_1 bob cs_1 conflict"]
            let others = ["cus_2 alice cus_2 in_force", "cus_3 bob cus_3 in_force"]
            #expect(try standings(links) == conflicts + others)
            #expect(try standings(links, .init(conflictsOnly: true)) == conflicts)
            #expect(try standings(links, .init(user: Self.bob)) == [conflicts[1], others[1]])
            #expect(try standings(links, .init(customer: "cus_2")) == [others[0]])
            #expect(try standings(links, .init(user: Self.bob, customer: "cus_2")).isEmpty)
            #expect(try standings(links, .init(user: Self.bob, conflictsOnly: true)) == [conflicts[1]])
        }
    }

    @Test func theLedgerKeepsEveryChange() async throws {
        try await TestMirror.with { mirror async throws in
            let links = try await conflict(mirror)
            let object = TestEvent.customer("cus_1", user: "bob")
            let moved = TestEvent(id: "evt_2", type: "customer.updated", object: object, previous: #"{"metadata":{"user_id":"alice"}}"#)
            try await mirror.deliver(moved, at: Self.start + 3)
            // Says nothing new.
            try await mirror.deliver(
                TestEvent(
                    id: "evt_3",
                    type: "customer.updated",
                    object: TestEvent.customer("cus_1", email: "b@example.com", user: "bob"),
                    previous: #"{"email":"a@example.com"}"#
                ),
                at: Self.start + 4
            )
            _ = try await links.link(Self.alice, to: "cus_1", at: Self.start + 5)
            _ = try await links.link(Self.bob, to: "cus_1", at: Self.start + 6)
            _ = try await links.unlink(Self.bob, from: "cus_1", at: Self.start + 7)
            _ = try await links.undo(Self.bob, "cus_1", at: Self.start + 8)
            #expect(
                try mirror.strings(
                    """
                    SELECT CAST(at - 1700000000 AS INTEGER) || ' ' || change || ' ' || user_id || ' ' || source || ' '
                        || coalesce(claimant, '-') || ' ' || coalesce(event, '-')
                    FROM link_ledger ORDER BY id
                    """
                ) == [
                    "1 claimed alice customer_metadata cus_1 evt_1",
                    "2 claimed bob checkout_client_reference_id cs_1 evt_cs_1",
                    "3 withdrawn alice customer_metadata cus_1 evt_2",
                    "3 claimed bob customer_metadata cus_1 evt_2",
                    "5 linked alice operator - -", "6 undone alice operator - -", "6 linked bob operator - -",
                    "7 unlinked bob operator - -", "8 undone bob operator - -",
                ]
            )
            for change in ["DELETE FROM link_ledger", "UPDATE link_ledger SET at = 0"] {
                await #expect(throws: MirrorError.self) { try await mirror.store.write { db in try db.execute(sql: change) } }
            }
        }
    }

    @Test func aRecordTellsOfLinksAsTheyWere() async throws {
        try await TestMirror.with { mirror async throws in
            let links = try await conflict(mirror)
            _ = try await links.link(Self.bob, to: "cus_1", at: Self.start + 3)
            let object = TestEvent.customer("cus_1")
            let withdrawn = TestEvent(id: "evt_2", type: "customer.updated", object: object, previous: #"{"metadata":{"user_id":"alice"}}"#)
            try await mirror.deliver(withdrawn, at: Self.start + 4)
            let reader = MirrorReader(store: mirror.store)
            var standings: [[String]] = []
            for time in [0.0, 1, 2, 3, 4, nil] {
                let record = try await reader.record(of: Self.alice, at: time.map { Self.start + $0 }, limit: 1)
                #expect(record.snapshot.customers.map(\.id) == record.links.filter { $0.standing != .overruled }.map(\.customer))
                standings.append(record.links.map(\.standing.rawValue))
            }
            #expect(standings == [[], ["in_force"], ["conflict"], ["overruled"], [], []])
        }
    }
}
