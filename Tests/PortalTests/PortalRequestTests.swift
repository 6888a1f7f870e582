import Portal
import Stripe
import Testing

@Suite struct PortalRequestTests {
    private static let urls = ReturnURLs(
        base: "https://app.example.com",
        fallback: "https://app.example.com/billing",
        origins: ["https://app.example.com"]
    )

    private func request(_ body: String) throws -> PortalRequest {
        try PortalRequest(JSON(parsing: Array(body.utf8)), returningTo: Self.urls)
    }

    private func refused(_ body: String) -> ParameterFault? {
        let fault = #expect(throws: ParameterFault.self, "\(body)") { try request(body) }
        return fault
    }

    @Test func readsAllThatThereIs() throws {
        let body = """
            {"flow":"subscription_update_confirm","subscription":"sub_1Abc","price":"price_1Abc","quantity":3,
            "return_path":"/done","locale":"en-GB"}
            """
        let request = try request(body)
        #expect(request.flow == .subscriptionUpdateConfirm)
        #expect(request.subscription == "sub_1Abc")
        #expect(request.price == "price_1Abc")
        #expect(request.quantity == 3)
        #expect(request.returnURL == "https://app.example.com/done")
        #expect(request.locale == PortalLocale(rawValue: "en-GB"))
    }

    @Test(arguments: [
        "{}", #"{"flow":null}"#,
        #"{"flow":null,"subscription":null,"price":null,"quantity":null,"return_path":null,"locale":null}"#,
    ])
    func nullIsTheSameAsAbsent(_ body: String) throws {
        #expect(try request(body) == PortalRequest(returningTo: Self.urls))
        #expect(PortalRequest(returningTo: Self.urls).returnURL == "https://app.example.com/billing")
    }

    @Test(arguments: PortalRequest.Flow.allCases)
    func hasStripesFlows(_ flow: PortalRequest.Flow) throws {
        let price = flow == .subscriptionUpdateConfirm ? #","price":"p""# : ""
        #expect(try request(#"{"flow":"\#(flow.rawValue)"\#(price)}"#).flow == flow)
    }

    @Test(arguments: [
        ("flow", #""subscription_pause""#), ("flow", #""Subscription_cancel""#), ("flow", #""subscription_cancel ""#),
        ("flow", #""""#), ("flow", "1"), ("flow", "true"), ("flow", "[]"), ("flow", #"{"type":"subscription_cancel"}"#),
        ("subscription", #""""#), ("subscription", #""sub_""#), ("subscription", #""cus_1""#), ("subscription", #""SUB_1""#),
        ("subscription", #""sub_1/../x""#), ("subscription", #""sub_1&a=b""#), ("subscription", #""sub_\u0000""#),
        ("subscription", #""sub_é""#), ("subscription", "7"), ("subscription", #"["sub_1"]"#),
        ("price", #""""#), ("price", #""a b""#), ("price", #""a\nb""#), ("price", #""prix_é""#), ("price", "5"),
        ("quantity", "0"), ("quantity", "-1"), ("quantity", "1.0"), ("quantity", "1e0"), ("quantity", "1E2"),
        ("quantity", #""1""#), ("quantity", "true"), ("quantity", "[1]"), ("quantity", "1000001"),
        ("quantity", "9223372036854775808"), ("quantity", "1e400"), ("quantity", "-0"),
        ("return_path", #""""#), ("return_path", "true"), ("return_path", #""//evil.example""#),
        ("locale", #""""#), ("locale", #""EN""#), ("locale", #""en_GB""#), ("locale", #""en-gb""#), ("locale", #""xx""#),
        ("locale", #""zh-H\u212A""#), ("locale", "7"),
    ])
    func refusesAValueAndNamesItsParameter(_ name: String, value: String) throws {
        let fault = try #require(refused(#"{"\#(name)":\#(value)}"#))
        #expect(fault.parameter == name)
        #expect(fault.message.contains("'\(name)'"))
        #expect(fault.message.hasSuffix("."))
        #expect(fault.cause == "parameter \(name)")
    }

    @Test func aPlanFromBeforePricesMayHaveAnyName() throws {
        for id in ["gold", "Gold-Plan_2014.v2", "plan:1/2@x", String(repeating: "p", count: 255)] {
            let body = #"{"flow":"subscription_update_confirm","price":"\#(id)"}"#
            #expect(try request(body).price == id)
        }
        let long = String(repeating: "p", count: 256)
        #expect(refused(#"{"flow":"subscription_update_confirm","price":"\#(long)"}"#)?.parameter == "price")
        #expect(refused(#"{"subscription":"sub_\#(long)"}"#)?.parameter == "subscription")
    }

    @Test(arguments: [1, 2, 1_000_000])
    func takesQuantities(_ quantity: Int) throws {
        let body = #"{"flow":"subscription_update_confirm","price":"p","quantity":\#(quantity)}"#
        #expect(try request(body).quantity == quantity)
    }

    @Test(arguments: ["[]", "null", "true", "1", #""flow""#, "[{}]"])
    func theBodyIsAnObject(_ body: String) {
        #expect(refused(body)?.parameter == "body")
    }

    @Test(arguments: [
        (#"{"flows":1}"#, "flows"), (#"{"Flow":null}"#, "Flow"), (#"{"after":"cs_1"}"#, "after"),
        (#"{"flow_data.type":1}"#, "flow_data.type"), (#"{"":1}"#, "body"), (#"{"a b":1}"#, "body"),
        (#"{"<script>":1}"#, "body"), (#"{"fl\u00f6w":1}"#, "body"), (#"{"flow\u0000":1}"#, "body"),
        (#"{"flow\n":1}"#, "body"), (#"{"\ud800":1}"#, "body"),
        (#"{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa":1}"#, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        (#"{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab":1}"#, "body"),
    ])
    func anUnknownNameIsToldBackOnlyIfItIsAWord(_ body: String, parameter: String) throws {
        let fault = try #require(refused(body))
        #expect(fault.parameter == parameter)
        #expect(fault.message.contains("flow, subscription, price, quantity, return_path, locale"))
        // A body's own words never reach the log.
        #expect(fault.cause == "unknown parameter")
    }

    @Test(arguments: [
        #"{"locale":"de","locale":"de"}"#, #"{"locale":"de","locale":null}"#, #"{"locale":null,"locale":null}"#,
        #"{"locale":"de","\u006cocale":"en"}"#,
    ])
    func aNameOccursOnce(_ body: String) throws {
        let fault = try #require(refused(body))
        #expect(fault.parameter == "locale")
        #expect(fault.message == "'locale' must not occur twice.")
    }

    // MARK: Rules between parameters

    @Test(arguments: ["", #""flow":"subscription_cancel","#, #""flow":"subscription_update","#, #""flow":"payment_method_update","#])
    func priceAndQuantityGoWithTheConfirmFlowOnly(_ flow: String) {
        #expect(refused(#"{\#(flow)"price":"price_1"}"#)?.parameter == "price")
        #expect(refused(#"{\#(flow)"quantity":2}"#)?.parameter == "quantity")
        #expect(refused(#"{\#(flow)"quantity":2,"price":"price_1"}"#)?.parameter == "price")
    }

    @Test(arguments: ["", #","quantity":2"#, #","price":null"#])
    func theConfirmFlowNeedsAPrice(_ more: String) {
        #expect(refused(#"{"flow":"subscription_update_confirm"\#(more)}"#)?.parameter == "price")
    }

    @Test(arguments: ["", #""flow":"payment_method_update","#])
    func aSubscriptionGoesWithAnyFlowAndWithNone(_ flow: String) throws {
        #expect(try request(#"{\#(flow)"subscription":"sub_1"}"#).subscription == "sub_1")
    }

    @Test func localesAreStripes() {
        #expect(PortalLocale.all.count == 47)
        #expect(PortalLocale.all.allSatisfy { PortalLocale(rawValue: $0)?.rawValue == $0 })
    }
}
