import GRDB
import Testing

@testable import MirrorStore

@Suite struct UserLinkTests {
    func created(_ id: String, user: String?, event: String = "evt_1") -> TestEvent {
        TestEvent(id: event, type: "customer.created", object: TestEvent.customer(id, user: user))
    }

    @Test func everySourceIsAClaim() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(created("cus_1", user: "u"))
            try await mirror.deliver(
                TestEvent(
                    id: "evt_2",
                    type: "customer.subscription.created",
                    object: TestEvent.subscription("sub_1", customer: "cus_2", user: "u")
                )
            )
            try await mirror.deliver(.checkout("cs_1", user: "u", customer: "cus_3"))
            #expect(
                try mirror.links() == [
                    "u cus_3 checkout_client_reference_id", "u cus_1 customer_metadata", "u cus_2 subscription_metadata",
                ]
            )
            let customers = try await MirrorReader(store: mirror.store).snapshot(of: UserID("u")).customers
            #expect(customers.map(\.id).sorted() == ["cus_1", "cus_2", "cus_3"])
            #expect(customers.allSatisfy { !$0.isClaimedByOthers })
            #expect(customers.filter { !$0.isClaimedByMetadata }.map(\.id) == ["cus_3"])
        }
    }

    @Test func aChangeOfMetadataMovesTheClaim() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(created("cus_1", user: "alice"))
            try await mirror.deliver(
                TestEvent(
                    id: "evt_2",
                    type: "customer.updated",
                    object: TestEvent.customer("cus_1", user: "bob"),
                    previous: #"{"metadata":{"user_id":"alice"}}"#
                )
            )
            #expect(try mirror.links() == ["bob cus_1 customer_metadata"])
            try await mirror.deliver(
                TestEvent(
                    id: "evt_3",
                    type: "customer.updated",
                    object: TestEvent.customer("cus_1"),
                    previous: #"{"metadata":{"user_id":"bob"}}"#
                )
            )
            #expect(try mirror.links().isEmpty)
        }
    }

    @Test func aCustomerOfTwoUsersIsInConflict() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(created("cus_1", user: "alice"))
            try await mirror.deliver(
                TestEvent(
                    id: "evt_2",
                    type: "customer.subscription.created",
                    object: TestEvent.subscription("sub_1", customer: "cus_1")
                )
            )
            #expect(try mirror.strings("SELECT user_id || ' ' || price FROM active_subscriptions") == ["alice price_1"])
            try await mirror.deliver(.checkout("cs_1", user: "mallory", customer: "cus_1"))
            for user in ["alice", "mallory"] {
                let customers = try await MirrorReader(store: mirror.store).snapshot(of: UserID(user)).customers
                #expect(customers.map(\.isClaimedByOthers) == [true])
            }
            #expect(try mirror.strings("SELECT customer FROM link_conflicts") == ["cus_1"])
            #expect(try mirror.strings("SELECT user_id FROM active_subscriptions").isEmpty)
        }
    }

    @Test func usersAreComparedByteByByte() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(created("cus_1", user: "caf\u{E9}"))
            try await mirror.deliver(created("cus_2", user: "cafe\u{301}", event: "evt_2"))
            let reader = MirrorReader(store: mirror.store)
            #expect(try await reader.snapshot(of: UserID("caf\u{E9}")).customers.map(\.id) == ["cus_1"])
            #expect(try await reader.snapshot(of: UserID("cafe\u{301}")).customers.map(\.id) == ["cus_2"])
            #expect(try await reader.snapshot(of: UserID("CAF\u{E9}")).customers.isEmpty)
        }
    }

    @Test(arguments: ["", "  ", #"a\u0000b"#, #"a\nb"#])
    func whatNamesNoUserClaimsNothing(user: String) async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(created("cus_1", user: user))
            #expect(try mirror.links().isEmpty)
        }
    }

    @Test func aLinkAndASubscriptionSuffice() async throws {
        try await TestMirror.with { mirror async throws in
            try await mirror.deliver(.checkout("cs_1", user: "u", customer: "cus_1"))
            try await mirror.deliver(
                TestEvent(
                    id: "evt_2",
                    type: "customer.subscription.created",
                    object: TestEvent.subscription("sub_1", customer: "cus_1")
                )
            )
            let customers = try await MirrorReader(store: mirror.store).snapshot(of: UserID("u")).customers
            #expect(customers.first?.created == nil)
            #expect(customers.first?.subscriptions.map(\.status) == ["active"])
            #expect(customers.first?.subscriptions.first?.items.map(\.price) == ["price_1"])
        }
    }
}
