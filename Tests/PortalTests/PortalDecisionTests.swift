import MirrorStore
import Portal
import Testing

@Suite struct PortalDecisionTests {
    private static let allowed: Set<String> = ["active", "trialing"]

    @Test func everyCombinationOfUpToTwoCustomersFollowsTheRules() {
        let profiles = Self.profiles(creations: [nil, 1, 2], subscriptions: Self.subscriptionLists)
        check([])
        for first in profiles {
            check([first.named("cus_1")])
            for second in profiles {
                check([first.named("cus_1"), second.named("cus_2")])
            }
        }
    }

    @Test func everyCombinationOfThreeCustomersFollowsTheRules() {
        let profiles = Self.profiles(creations: [nil, 2], subscriptions: Array(Self.subscriptionLists.prefix(3)), claims: [true])
        for first in profiles {
            for second in profiles {
                for third in profiles {
                    check([first.named("cus_1"), second.named("cus_2"), third.named("cus_3")])
                }
            }
        }
    }

    @Test func onlyTheGivenStatusesOpenThePortal() {
        let customer = LinkedCustomer(
            id: "cus_1",
            created: 1,
            deleted: false,
            isClaimedByOthers: false,
            subscriptions: [LinkedSubscription(id: "sub_1", status: "canceled", created: 1)]
        )
        let snapshot = MirrorReader.Snapshot(customers: [customer], isFilled: true)
        #expect(PortalDecision(snapshot, allowedStatuses: ["active"]) == .noActiveSubscription)
        #expect(PortalDecision(snapshot, allowedStatuses: []) == .noActiveSubscription)
        #expect(PortalDecision(snapshot, allowedStatuses: ["canceled"]) == .allowed(customer: "cus_1"))
    }

    @Test func aDenialIsThePortalErrorOfTheSameName() throws {
        #expect(try PortalDecision.allowed(customer: "cus_1").get() == "cus_1")
        #expect(throws: PortalError.customerNotFound) { try PortalDecision.customerNotFound.get() }
        #expect(throws: PortalError.customerLinkConflict) { try PortalDecision.customerLinkConflict.get() }
        #expect(throws: PortalError.noActiveSubscription) { try PortalDecision.noActiveSubscription.get() }
        #expect(throws: PortalError.mirrorNotReady) { try PortalDecision.mirrorNotReady.get() }
    }

    /// Compares the decision for every order of the customers with the oracle's.
    private func check(_ customers: [LinkedCustomer]) {
        let expected = Self.oracle(customers)
        for order in permutations(of: customers) {
            check(order, isFilled: true, expected)
            // What a mirror lacks while it is being filled may be the customer, or its subscription.
            let isRefusal = expected == .customerNotFound || expected == .noActiveSubscription
            check(order, isFilled: false, isRefusal ? .mirrorNotReady : expected)
        }
    }

    private func check(_ customers: [LinkedCustomer], isFilled: Bool, _ expected: PortalDecision) {
        let snapshot = MirrorReader.Snapshot(customers: customers, isFilled: isFilled)
        let decision = PortalDecision(snapshot, allowedStatuses: Self.allowed)
        // An expectation per combination would cost more than the decision.
        if decision != expected {
            Issue.record("\(snapshot) was decided \(decision), not \(expected)")
        }
    }

    /// The rules once more, as statements about all customers instead of a search.
    private static func oracle(_ customers: [LinkedCustomer]) -> PortalDecision {
        func mayOpen(_ customer: LinkedCustomer) -> Bool {
            var isAllowed = false
            for subscription in customer.subscriptions
            where subscription.status == "active" || subscription.status == "trialing" {
                isAllowed = true
            }
            return isAllowed && !customer.deleted && !customer.isClaimedByOthers
        }
        func time(_ customer: LinkedCustomer) -> Int64 {
            if let created = customer.created { return created }
            return customer.subscriptions.reduce(-1) { max($0, $1.created ?? -1) }
        }
        func isBeaten(_ customer: LinkedCustomer, by other: LinkedCustomer) -> Bool {
            guard customer.isClaimedByMetadata == other.isClaimedByMetadata else {
                return mayOpen(other) && other.isClaimedByMetadata
            }
            return mayOpen(other)
                && (time(other) > time(customer) || time(other) == time(customer) && other.id > customer.id)
        }
        for customer in customers where mayOpen(customer) {
            if !customers.contains(where: { isBeaten(customer, by: $0) }) { return .allowed(customer: customer.id) }
        }
        if customers.allSatisfy(\.deleted) { return .customerNotFound }
        if customers.allSatisfy({ $0.deleted || !$0.isClaimedByOthers }) { return .noActiveSubscription }
        return .customerLinkConflict
    }

    private static let subscriptionLists: [[LinkedSubscription]] = [
        [LinkedSubscription(id: "sub_1", status: "active", created: nil)],
        [LinkedSubscription(id: "sub_1", status: "canceled", created: 3)],
        [
            LinkedSubscription(id: "sub_1", status: "canceled", created: 3),
            LinkedSubscription(id: "sub_2", status: "trialing", created: 1),
        ],
        [],
        [LinkedSubscription(id: "sub_1", status: "active", created: 2)],
        [LinkedSubscription(id: "sub_1", status: "a_status_of_tomorrow", created: 1)],
    ]

    private static func profiles(
        creations: [Int64?],
        subscriptions: [[LinkedSubscription]],
        claims: [Bool] = [true, false]
    ) -> [LinkedCustomer] {
        creations.flatMap { created in
            [false, true].flatMap { deleted in
                [false, true].flatMap { isClaimedByOthers in
                    claims.flatMap { isClaimedByMetadata in
                        subscriptions.map { subscriptions in
                            LinkedCustomer(
                                id: "",
                                created: created,
                                deleted: deleted,
                                isClaimedByOthers: isClaimedByOthers,
                                isClaimedByMetadata: isClaimedByMetadata,
                                subscriptions: subscriptions
                            )
                        }
                    }
                }
            }
        }
    }
}

extension LinkedCustomer {
    fileprivate func named(_ id: String) -> LinkedCustomer {
        var customer = self
        customer.id = id
        return customer
    }
}

private func permutations<Element>(of elements: [Element]) -> [[Element]] {
    guard !elements.isEmpty else { return [[]] }
    return elements.indices.flatMap { index in
        var rest = elements
        let element = rest.remove(at: index)
        return permutations(of: rest).map { [element] + $0 }
    }
}
