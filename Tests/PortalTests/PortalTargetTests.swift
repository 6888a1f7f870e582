import MirrorStore
import Portal
import Stripe
import StripeClient
import Testing

@Suite struct PortalTargetTests {
    private static let allowed: Set<String> = ["active", "trialing", "past_due"]
    private static let urls = ReturnURLs(base: "https://a.example", fallback: "https://a.example/billing", origins: [])

    private static func subscription(_ id: String, _ status: String = "active", items: Int = 1) -> LinkedSubscription {
        LinkedSubscription(
            id: id,
            status: status,
            created: 1,
            items: (0..<items).map { LinkedSubscription.Item(id: "si_\(id)_\($0)", price: "price_old", quantity: 1) }
        )
    }

    private static func customer(_ id: String, _ subscriptions: [LinkedSubscription]) -> LinkedCustomer {
        LinkedCustomer(id: id, created: 1, subscriptions: subscriptions)
    }

    private func target(
        _ body: String,
        _ customers: [LinkedCustomer],
        isFilled: Bool = true,
        allowed: Set<String> = allowed
    ) throws -> PortalTarget {
        try PortalTarget(
            PortalRequest(JSON(parsing: Array(body.utf8)), returningTo: Self.urls),
            MirrorReader.Snapshot(customers: customers, isFilled: isFilled),
            allowedStatuses: allowed
        )
    }

    private func refusal(
        _ body: String,
        _ customers: [LinkedCustomer],
        isFilled: Bool = true
    ) -> PortalTarget.Refusal? {
        let refusal = #expect(throws: PortalTarget.Refusal.self, "\(body)") {
            try target(body, customers, isFilled: isFilled)
        }
        return refusal
    }

    private func refused(_ body: String, _ customers: [LinkedCustomer]) -> ParameterFault? {
        guard case .parameter(let fault) = refusal(body, customers) else { return nil }
        #expect(fault.parameter == "subscription")
        return fault
    }

    private static let confirm = #""flow":"subscription_update_confirm","price":"price_new""#
    private static let flows = [
        #""flow":"subscription_cancel""#, #""flow":"subscription_update""#, confirm,
    ]

    @Test func withoutAWishAllOfThePortalOpens() throws {
        let target = try target("{}", [Self.customer("cus_1", [Self.subscription("sub_1")])])
        #expect(target.customer == "cus_1")
        #expect(target.flow == nil)
    }

    @Test(arguments: [false, true])
    func eachFlowIsStripes(isNamed: Bool) throws {
        let customers = [Self.customer("cus_1", [Self.subscription("sub_1")])]
        let name = isNamed ? #","subscription":"sub_1""# : ""
        func flow(_ body: String) throws -> PortalFlow? { try target("{\(body)\(name)}", customers).flow }
        #expect(try flow(#""flow":"payment_method_update""#) == .paymentMethodUpdate)
        #expect(try flow(Self.flows[0]) == .subscriptionCancel(subscription: "sub_1"))
        #expect(try flow(Self.flows[1]) == .subscriptionUpdate(subscription: "sub_1"))
        let change = PortalFlow.ItemChange(item: "si_sub_1_0", price: "price_new")
        #expect(try flow(Self.confirm) == .subscriptionUpdateConfirm(subscription: "sub_1", change: change))
        let more = PortalFlow.ItemChange(item: "si_sub_1_0", price: "price_new", quantity: 5)
        #expect(
            try flow(Self.confirm + #","quantity":5"#) == .subscriptionUpdateConfirm(subscription: "sub_1", change: more)
        )
    }

    @Test(arguments: ["", #""flow":"payment_method_update","#, #""flow":"subscription_cancel","#])
    func aSubscriptionChoosesItsCustomer(_ flow: String) throws {
        let customers = [
            Self.customer("cus_1", [Self.subscription("sub_1")]), Self.customer("cus_2", [Self.subscription("sub_2")]),
        ]
        for (id, customer) in [("sub_1", "cus_1"), ("sub_2", "cus_2")] {
            #expect(try target(#"{\#(flow)"subscription":"\#(id)"}"#, customers).customer == customer)
        }
        #expect(try target("{}", customers).customer == "cus_2")
    }

    @Test(arguments: flows)
    func theOneThatFitsIsMeant(_ flow: String) throws {
        let fitting = Self.subscription("sub_1", "past_due")
        let others = [
            Self.subscription("sub_2", "canceled"), Self.subscription("sub_3", "incomplete"),
            Self.subscription("sub_4", "incomplete_expired"), Self.subscription("sub_5", "unpaid"),
        ]
        let customers = [Self.customer("cus_1", others + [fitting]), Self.customer("cus_2", others)]
        #expect(try target("{\(flow)}", customers).flow?.subscription == "sub_1")
        #expect(try target("{\(flow)}", customers).customer == "cus_1")

        let second = Self.customer("cus_3", [Self.subscription("sub_6")])
        #expect(refused("{\(flow)}", customers + [second])?.message.contains("more than one") == true)
        let named = try target(#"{\#(flow),"subscription":"sub_6"}"#, customers + [second])
        #expect(named.customer == "cus_3")

        var ended = Self.customer("cus_4", [Self.subscription("sub_7", "canceled")])
        ended.created = 9
        let refusal = #expect(throws: PortalTarget.Refusal.self) {
            try target("{\(flow)}", [ended], allowed: ["canceled"])
        }
        let cause = "0 subscriptions fit"
        let message = "You have no subscription that this flow could change."
        #expect(refusal == .parameter(ParameterFault("subscription", message, cause: cause)))
    }

    @Test(arguments: ["", #""flow":"payment_method_update","#] + flows.map { $0 + "," })
    func somebodyElsesReadsAsAnUnknownOne(_ flow: String) throws {
        let own = Self.customer("cus_1", [Self.subscription("sub_1")])
        var shared = Self.customer("cus_2", [Self.subscription("sub_2")])
        shared.isClaimedByOthers = true
        var deleted = Self.customer("cus_3", [Self.subscription("sub_3")])
        deleted.deleted = true
        func fault(_ id: String) throws -> ParameterFault {
            try #require(refused(#"{\#(flow)"subscription":"\#(id)"}"#, [own, shared, deleted]))
        }
        let unknown = try fault("sub_0")
        #expect(unknown.cause == "sub_0 is not the user's")
        for id in ["sub_2", "sub_3", "sub_1x"] {
            let fault = try fault(id)
            #expect(fault.message == unknown.message)
            #expect(fault.cause == unknown.cause.replacing("sub_0", with: id))
        }
    }

    @Test(arguments: [#""flow":"payment_method_update","#, ""] + flows.map { $0 + "," })
    func anEndedOneSaysSo(_ flow: String) throws {
        for status in ["canceled", "incomplete_expired"] {
            let customers = [Self.customer("cus_1", [Self.subscription("sub_1"), Self.subscription("sub_2", status)])]
            let fault = refused(#"{\#(flow)"subscription":"sub_2"}"#, customers)
            #expect(fault?.message == "This subscription has ended.")
        }
    }

    @Test func anEndedOneMayOpenWhereItsStatusDoes() throws {
        let customers = [Self.customer("cus_1", [Self.subscription("sub_1", "canceled")])]
        let body = #"{"flow":"payment_method_update","subscription":"sub_1"}"#
        #expect(try target(body, customers, allowed: ["canceled"]).flow == .paymentMethodUpdate)
        #expect(throws: PortalTarget.Refusal.self) {
            try target(#"{"flow":"subscription_cancel","subscription":"sub_1"}"#, customers, allowed: ["canceled"])
        }
    }

    @Test(arguments: [0, 2, 3])
    func severalItemsCannotBeConfirmed(items: Int) {
        let customers = [Self.customer("cus_1", [Self.subscription("sub_1", items: items)])]
        for name in ["", #","subscription":"sub_1""#] {
            #expect(refused("{\(Self.confirm)\(name)}", customers)?.cause == "sub_1 has \(items) items")
            #expect(throws: Never.self) { try target("{\(Self.flows[0])\(name)}", customers) }
        }
    }

    @Test func aClosedPortalStaysClosed() {
        let canceled = Self.customer("cus_1", [Self.subscription("sub_1", "canceled")])
        var shared = Self.customer("cus_2", [Self.subscription("sub_2")])
        shared.isClaimedByOthers = true
        for body in ["{}", #"{"subscription":"sub_1"}"#, #"{"flow":"subscription_cancel"}"#, #"{"subscription":"sub_9"}"#] {
            #expect(refusal(body, []) == .closed(.customerNotFound))
            #expect(refusal(body, [canceled]) == .closed(.noActiveSubscription))
            #expect(refusal(body, [shared]) == .closed(.customerLinkConflict))
            #expect(refusal(body, [canceled], isFilled: false) == .closed(.mirrorNotReady))
        }
    }

    /// The customer of the named subscription has to open, not just any.
    @Test func aCustomerWithoutAnOpeningSubscriptionStaysClosed() {
        let customers = [
            Self.customer("cus_1", [Self.subscription("sub_1")]),
            Self.customer("cus_2", [Self.subscription("sub_2", "unpaid")]),
        ]
        #expect(refusal(#"{"subscription":"sub_2"}"#, customers) == .closed(.noActiveSubscription))
    }

    @Test func anUnknownOneMayBeOnItsWay() {
        let customers = [Self.customer("cus_1", [Self.subscription("sub_1")])]
        #expect(refusal(#"{"subscription":"sub_9"}"#, customers, isFilled: false) == .closed(.mirrorNotReady))
    }
}
