import Foundation
import MirrorStore
import Portal
import Sandbox
import Stripe
import TestSupport
import Testing

/// What a user asks of the portal, from the bytes of the request to the call to Stripe.
@Suite(.timeLimit(.minutes(10))) struct PortalBodyTests {
    private static let path = "/api/subscriptions/user/billing-portal"
    private static let limit = 16 << 10

    /// Alice with one subscription.
    private func run(
        _ body: @Sendable (RunningStripe, _ customer: String, _ subscription: String) async throws -> Void
    ) async throws {
        try await RunningStripe.run { stripe in
            let customer = try await stripe.customer(of: "alice")
            try await body(stripe, customer, try await stripe.subscription(of: customer))
        }
    }

    @Test func opensEachFlow() async throws {
        try await run { stripe, customer, subscription in
            for flow in PortalRequest.Flow.allCases {
                let price = flow == .subscriptionUpdateConfirm ? #","price":"\#(SandboxPrices.basic)","quantity":3"# : ""
                let body = #"{"flow":"\#(flow.rawValue)","locale":"de","return_path":"/a?b=1"\#(price)}"#
                let reply = try await stripe.openPortal(as: "alice", asking: body)
                #expect(reply.status == 200, "\(reply.body)")
                let session = try #require(stripe.lastSession)
                #expect(session["customer"]?.string == customer)
                #expect(session["locale"]?.string == "de")
                #expect(session["return_url"]?.string == "https://app.example.com/a?b=1")
                let shown = try #require(session["flow"]?.object)
                #expect(shown["type"]?.string == flow.rawValue)
                let redirect = shown["after_completion"]?.object?["redirect"]?.object
                #expect(redirect?["return_url"]?.string == "https://app.example.com/a?b=1")
                let detail = shown[flow.rawValue]?.object
                #expect(detail?["subscription"]?.string == (flow == .paymentMethodUpdate ? nil : subscription))
                if flow == .subscriptionUpdateConfirm {
                    let item = detail?["items"]?.array?.first?.object
                    #expect(item?["id"]?.string?.hasPrefix("si_") == true)
                    #expect(item?["price"]?.string == SandboxPrices.basic)
                    #expect(item?["quantity"]?.integer == 3)
                }
            }
            #expect(try await stripe.openPortal(as: "alice", asking: "{}").status == 200)
            #expect(stripe.lastSession?["flow"]?.object == nil)
            #expect(stripe.lastSession?["return_url"]?.string == "https://app.example.com/billing")
        }
    }

    @Test(
        arguments: [
            ("application/json", "{}", 200, "", nil), ("APPLICATION/JSON ; Charset=UTF-8", "{}", 200, "", nil),
            (#"application/json;charset="utf-8""#, "{}", 200, "", nil), ("application/json; version=1", "{}", 200, "", nil),
            (nil, "{}", 415, "unsupported_media_type", nil), ("text/plain", "{}", 415, "unsupported_media_type", nil),
            ("application/x-www-form-urlencoded", "flow=a", 415, "unsupported_media_type", nil),
            ("application/json; charset=iso-8859-1", "{}", 415, "unsupported_media_type", nil),
            ("application/json; charset=", "{}", 415, "unsupported_media_type", nil),
            ("application/json, text/plain", "{}", 415, "unsupported_media_type", nil),
            ("application/jsonp", "{}", 415, "unsupported_media_type", nil), ("", "{}", 415, "unsupported_media_type", nil),
            ("application/json", "{", 400, "invalid_json", nil), ("application/json", " ", 400, "invalid_json", nil),
            ("application/json", "{}x", 400, "invalid_json", nil), ("application/json", "{'flow':1}", 400, "invalid_json", nil),
            ("application/json", "\u{0}", 400, "invalid_json", nil),
            ("application/json", String(repeating: "[", count: 1000), 400, "invalid_json", nil),
            ("application/json", "[]", 422, "invalid_parameter", "body"),
            ("application/json", #"{"flow":"x"}"#, 422, "invalid_parameter", "flow"),
            ("application/json", #"{"nonsense":1}"#, 422, "invalid_parameter", "nonsense"),
            ("application/json", #"{"<b>":1}"#, 422, "invalid_parameter", "body"),
            ("application/json", #"{"return_path":"//evil.example"}"#, 422, "invalid_parameter", "return_path"),
        ] as [(String?, String, Int, String, String?)]
    )
    func readsJSONOnly(_ type: String?, body: String, status: Int, code: String, parameter: String?) async throws {
        try await run { stripe, _, _ in
            let reply = try await stripe.openPortal(as: "alice", asking: body, type: type)
            #expect(reply.status == status, "\(reply.body)")
            #expect(reply.header("Cache-Control") == "no-store")
            if status != 200 {
                let json = try reply.json()
                #expect(json["success"]?.bool == false)
                #expect(json["code"]?.string == code)
                #expect(json["parameter"]?.string == parameter)
                #expect(json["message"]?.string?.hasSuffix(".") == true)
                #expect(Set(json.members?.map(\.name) ?? []).subtracting(["parameter"]) == ["success", "code", "message"])
                #expect(stripe.portalCalls == 0)
            }
            for entry in stripe.api.log.entries {
                let text = entry.message + entry.fields.map { "\($0.key)=\($0.value)" }.joined()
                #expect(!text.contains("evil") && !text.contains("nonsense") && !text.contains("<b>"))
            }
        }
    }

    @Test func anEmptyBodyNeedsNoType() async throws {
        try await run { stripe, _, _ async throws in
            for type in [nil, "text/plain", "application/json"] as [String?] {
                #expect(try await stripe.openPortal(as: "alice", asking: "", type: type).status == 200)
            }
        }
    }

    @Test func aBodyHasALimit() async throws {
        try await run { stripe, _, _ in
            let longest = "{" + String(repeating: " ", count: Self.limit - 2) + "}"
            #expect(try await stripe.openPortal(as: "alice", asking: longest).status == 200)
            let authorization = try await RunningAPI.authorization(of: "alice")
            let head = """
                POST \(Self.path) HTTP/1.1\r\nHost: portald.test\r\nContent-Type: application/json\r
                \(authorization.name): \(authorization.value)\r\n
                """
            let chunk = "\(String(longest.utf8.count + 1, radix: 16))\r\n\(longest) \r\n0\r\n\r\n"
            for rest in [
                // Refused before it comes, whatever comes then.
                "Content-Length: \(Self.limit + 1)\r\n\r\n", "Content-Length: \(Self.limit + 1)\r\n\r\n\(longest) ",
                "Transfer-Encoding: chunked\r\n\r\n\(chunk)",
            ] {
                let reply = try await RawConnection.open(to: stripe.api.address) { connection in
                    try await connection.send(head + rest)
                    return try await connection.reply()
                }
                #expect(reply.status == 413)
                #expect(try reply.code() == "body_too_large")
                #expect(try reply.message()?.contains("16384") == true)
            }
            // A length that says too little: what follows is no part of the body.
            let short = try await RawConnection.open(to: stripe.api.address) { connection in
                try await connection.send(head + "Content-Length: 5\r\n\r\n{\"flow\":\"subscription_cancel\"}")
                return try await connection.reply()
            }
            #expect(short.status == 400)
            #expect(try short.code() == "invalid_json")
            let chunked = try await RawConnection.open(to: stripe.api.address) { connection in
                try await connection.send(head + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
                return try await connection.reply()
            }
            #expect(chunked.status == 200)
        }
    }

    /// Another user's subscription, one that does not exist, and one of a customer that two claim.
    @Test func somebodyElsesSubscriptionReadsAsAnUnknownOne() async throws {
        try await run { stripe, _, _ in
            let bobs = try await stripe.subscription(of: try await stripe.customer(of: "bob"))
            let shared = try await stripe.subscription(of: try await stripe.customer(of: "carol"), metadata: "alice")
            var replies: [Reply] = []
            var lines: [[String: String]] = []
            for id in ["sub_0", bobs, shared] {
                for flow in ["", #""flow":"subscription_cancel","#] {
                    replies.append(try await stripe.openPortal(as: "alice", asking: #"{\#(flow)"subscription":"\#(id)"}"#))
                    var fields = try #require(stripe.api.log.requests.last).fields
                    #expect(fields["cause"] == "\(id) is not the user's")
                    for name in ["cause", "milliseconds", "request"] { fields[name] = nil }
                    lines.append(fields)
                }
            }
            #expect(Set(replies.map(\.status)) == [422])
            let message = "You have no such subscription."
            let body = #"{"code":"invalid_parameter","message":"\#(message)","parameter":"subscription","success":false}"#
            #expect(Set(replies.map(\.body)) == [body])
            #expect(Set(lines) == [lines[0]])
            #expect(stripe.portalCalls == 0)
        }
    }

    @Test func aPriceThatStripeDoesNotKnowIsTheClients() async throws {
        try await run { stripe, _, _ in
            let body = #"{"flow":"subscription_update_confirm","price":"price_0"}"#
            let reply = try await stripe.openPortal(as: "alice", asking: body)
            #expect(reply.status == 422)
            #expect(try reply.json()["parameter"]?.string == "price")
        }
    }

    private static func reads(_ stripe: RunningStripe) -> ObjectReads {
        ObjectReads(
            store: stripe.api.store,
            metadataKey: "user_id",
            livemode: false,
            apiVersion: "2026-03-25.dahlia"
        )
    }

    /// Deleted at Stripe, and no webhook told of it.
    @Test func aCustomerThatStripeDoesNotKnowIsReadAnew() async throws {
        try await run { stripe, customer, subscription in
            let reads = Self.reads(stripe)
            stripe.sandbox.inject(EventFault(.drop, frequency: .fraction(1)))
            try stripe.sandbox.deleteCustomer(customer)
            #expect(try await reads.nextDue() == nil)
            let reply = try await stripe.openPortal(as: "alice")
            #expect(reply.status == 502)
            #expect(try reply.code() == "stripe_error")
            let due = try await reads.due(at: Date.now.timeIntervalSince1970 + FastForward.grace, limit: 10)
            #expect(due == [ObjectReference(kind: .customer, id: customer)])
            #expect(stripe.api.log.requests.last?.fields["cause"]?.contains("\(customer) is read anew") == true)
        }
    }

    @Test func aSubscriptionThatStripeRefusesIsReadAnew() async throws {
        try await run { stripe, customer, subscription in
            let reads = Self.reads(stripe)
            // An item that another subscription has taken the place of.
            stripe.sandbox.inject(EventFault(.drop, frequency: .fraction(1)))
            let item = try #require(stripe.sandbox.subscription(subscription)?["items"]?.object?["data"]?.array?.first?.object)
            let old = try #require(item["id"]?.string)
            try stripe.sandbox.updateSubscription(
                subscription,
                ["items": [["id": .text(old), "deleted": "true"], ["price": .text(SandboxPrices.basic)]]]
            )
            let body = #"{"flow":"subscription_update_confirm","price":"\#(SandboxPrices.team)"}"#
            #expect(try await stripe.openPortal(as: "alice", asking: body).code() == "stripe_error")
            let due = try await reads.due(at: Date.now.timeIntervalSince1970 + FastForward.grace, limit: 10)
            #expect(due == [ObjectReference(kind: .subscription, id: subscription)])
        }
    }
}
