import Foundation
import MirrorStore
import Portal
import Sandbox
import Stripe
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct PortalTests {
    private static let path = "/api/subscriptions/user/billing-portal"

    @Test(arguments: [path, path + "/"])
    func opensForItsUser(_ path: String) async throws {
        try await RunningStripe.run { stripe in
            let customer = try await stripe.customer(of: "alice")
            try await stripe.subscription(of: customer)
            let headers = [try await RunningAPI.authorization(of: "alice")]
            let reply = try await stripe.api.send("POST", path, headers: headers)
            #expect(reply.status == 200)
            #expect(reply.header("Cache-Control") == "no-store")
            let body = try reply.json()
            #expect(body["success"]?.bool == true)
            #expect(body["message"]?.string == "Billing portal session created successfully")
            let url = try #require(body["portal_url"]?.string)
            #expect(url.hasPrefix(try await stripe.sandbox.baseURL() + "/"))
            #expect(stripe.portalCalls == 1)

            let line = try #require(stripe.api.log.requests.last { $0.fields["route"] == Self.path })
            #expect(line.fields["customer"] == customer)
            #expect(line.fields["session"]?.hasPrefix("bps_") == true)
            #expect(line.fields["stripe_request"]?.hasPrefix("req_") == true)
            let token = headers[0].value.dropFirst("Bearer ".count)
            for entry in stripe.api.log.entries {
                let text = entry.message + entry.fields.map { "\($0.key)=\($0.value)" }.joined()
                #expect(!text.contains(url) && !text.contains(token) && !text.contains("alice@example.com"))
            }
        }
    }

    @Test func showsAUserTheirSubscriptions() async throws {
        try await RunningStripe.run { stripe in
            let customer = try await stripe.customer(of: "alice")
            let id = try await stripe.subscription(of: customer)
            let reply = try await stripe.subscriptions(as: "alice")
            #expect(reply.status == 200)
            #expect(reply.header("Cache-Control") == "no-store")
            let body = try reply.json()
            #expect(body["success"]?.bool == true)
            #expect(body["active"]?.bool == true)
            let subscription = try #require(body["subscriptions"]?.elements?.first)
            #expect(body["subscriptions"]?.elements?.count == 1)
            let names = try #require(subscription.members?.map(\.name))
            #expect(
                Set(names) == [
                    "id", "status", "current_period_end", "cancel_at", "cancel_at_period_end", "trial_end", "items",
                ]
            )
            #expect(subscription["id"]?.string == id)
            #expect(subscription["status"]?.string == "active")
            #expect(subscription["current_period_end"]?.integer ?? 0 > 0)
            #expect(subscription["cancel_at"]?.isNull == true)
            #expect(subscription["cancel_at_period_end"]?.bool == false)
            #expect(subscription["trial_end"]?.isNull == true)
            let item = try #require(subscription["items"]?.elements?.first)
            #expect(item["price"]?.string == SandboxPrices.team)
            #expect(item["product"]?.string?.hasPrefix("prod_") == true)
            #expect(item["quantity"]?.integer == 1)
        }
    }

    @Test func followsACancellation() async throws {
        try await RunningStripe.run { stripe in
            let customer = try await stripe.customer(of: "alice")
            let id = try await stripe.subscription(of: customer)
            try stripe.sandbox.updateSubscription(id, ["cancel_at_period_end": "true"])
            await stripe.sandbox.deliveriesSettled()
            let leaving = try await stripe.subscriptions(as: "alice").json()
            #expect(leaving["subscriptions"]?.elements?.first?["cancel_at_period_end"]?.bool == true)
            #expect(try await stripe.openPortal(as: "alice").status == 200)

            try stripe.sandbox.cancelSubscription(id)
            await stripe.sandbox.deliveriesSettled()
            let gone = try await stripe.subscriptions(as: "alice").json()
            #expect(gone["active"]?.bool == false)
            #expect(gone["subscriptions"]?.elements?.first?["status"]?.string == "canceled")
            #expect(try await stripe.openPortal(as: "alice").code() == "no_active_subscription")
        }
    }

    /// The mirror alone refuses: Stripe hears nothing.
    @Test func refusesWithoutACallToStripe() async throws {
        try await RunningStripe.run { stripe in
            try await stripe.subscription(of: try await stripe.customer(of: "alice"))
            _ = try await stripe.customer(of: "bob")
            try await stripe.subscription(of: try await stripe.customer(of: "carol"), metadata: "dave")
            let gone = try await stripe.customer(of: "erin")
            try await stripe.subscription(of: gone)
            try stripe.sandbox.deleteCustomer(gone)
            await stripe.sandbox.deliveriesSettled()

            for (user, status, code) in [
                ("bob", 403, "no_active_subscription"), ("nobody", 404, "customer_not_found"),
                ("erin", 404, "customer_not_found"), ("carol", 409, "customer_link_conflict"),
                ("dave", 409, "customer_link_conflict"), ("ALICE", 404, "customer_not_found"),
            ] {
                let reply = try await stripe.openPortal(as: user)
                #expect(reply.status == status, "\(user)")
                #expect(try reply.code() == code, "\(user)")
                #expect(try reply.json()["success"]?.bool == false)
                #expect(try reply.message() == PortalError(rawValue: code)?.message)
            }
            #expect(stripe.portalCalls == 0)

            let unlinked = try await stripe.subscriptions(as: "nobody")
            #expect(unlinked.body == #"{"active":false,"subscriptions":[],"success":true}"#)
            let conflict = try await stripe.subscriptions(as: "carol")
            #expect(conflict.status == 409)
            #expect(try conflict.code() == "customer_link_conflict")
        }
    }

    /// Until the mirror is filled, nobody is told that they have nothing.
    @Test func saysThatTheMirrorIsNotFilledYet() async throws {
        try await RunningStripe.run {
            $0.isFilled = false
        } _: { stripe in
            try await stripe.subscription(of: try await stripe.customer(of: "alice"))
            _ = try await stripe.customer(of: "bob")
            #expect(try await stripe.openPortal(as: "alice").status == 200)
            #expect(try await stripe.subscriptions(as: "alice").json()["active"]?.bool == true)
            for user in ["bob", "nobody"] {
                for reply in [try await stripe.openPortal(as: user), try await stripe.subscriptions(as: user)] {
                    #expect(reply.status == 503, "\(user)")
                    #expect(try reply.code() == "mirror_not_ready", "\(user)")
                    #expect(reply.header("Retry-After") == "30", "\(user)")
                }
            }

            let log = SyncLog(store: stripe.api.store)
            try await log.finish(try await log.beginPass(.backfill, at: 0, date: 0), at: 0)
            #expect(try await stripe.openPortal(as: "bob").code() == "no_active_subscription")
            #expect(try await stripe.openPortal(as: "nobody").code() == "customer_not_found")
            #expect(try await stripe.subscriptions(as: "nobody").status == 200)
        }
    }

    @Test func refusesWhoIsNotSignedIn() async throws {
        let secret = RunningAPI.tokenSecret
        let expired = try await TokenSigner(secret: secret).token(for: "alice", expiring: .now.addingTimeInterval(-600))
        let foreign = try await TokenSigner(secret: secret + "!").token(for: "alice", expiring: .now.addingTimeInterval(600))
        let valid = try await RunningAPI.authorization(of: "alice")
        let token = String(valid.value.dropFirst("Bearer ".count))
        let missing: [[(name: String, value: String)]] = [
            [], [("Authorization", "")], [("Authorization", "Basic YWxpY2U6cHc=")], [("X-Authorization", valid.value)],
            [("Cookie", "token=\(token)")],
        ]
        let invalid: [[(name: String, value: String)]] = [
            [("Authorization", "Bearer \(expired)")], [("Authorization", "Bearer \(foreign)")],
            [("Authorization", "Bearer \(token)x")], [("Authorization", "Bearer")], [("Authorization", "Bearer a b")],
            [valid, valid],
        ]
        try await RunningStripe.run { stripe in
            try await stripe.subscription(of: try await stripe.customer(of: "alice"))
            for (method, path) in [("POST", Self.path + "?token=\(token)"), ("GET", "/api/subscriptions/user")] {
                for headers in missing {
                    let reply = try await stripe.api.send(method, path, headers: headers)
                    #expect(reply.status == 401)
                    #expect(try reply.code() == "authentication_required")
                    #expect(reply.header("WWW-Authenticate") == "Bearer")
                }
                for headers in invalid {
                    let reply = try await stripe.api.send(method, path, headers: headers)
                    #expect(reply.status == 401)
                    #expect(reply.header("WWW-Authenticate") == #"Bearer error="invalid_token""#)
                    // Why is for the log only.
                    let message = PortalError.invalidToken.message
                    #expect(reply.body == #"{"code":"invalid_token","message":"\#(message)","success":false}"#)
                    #expect(stripe.api.log.requests.last?.fields["cause"] != nil)
                }
            }
            #expect(stripe.portalCalls == 0)
        }
    }

    @Test(
        arguments: [
            (APIFault(.status(400)), 502, "stripe_error", nil), (APIFault(.status(429)), 503, "stripe_busy", "5"),
            (APIFault(.status(500), frequency: .fraction(1)), 503, "stripe_unavailable", "30"),
            (APIFault(.reset(.beforeProcessing), frequency: .fraction(1)), 503, "stripe_unavailable", "30"),
        ] as [(APIFault, Int, String, String?)]
    )
    func saysWhatStripeDid(_ fault: APIFault, status: Int, code: String, retryAfter: String?) async throws {
        try await RunningStripe.run {
            $0.stripeClock = SteppingClock(step: .zero)
        } _: { stripe in
            try await stripe.subscription(of: try await stripe.customer(of: "alice"))
            stripe.sandbox.inject(fault)
            let reply = try await stripe.openPortal(as: "alice")
            #expect(reply.status == status)
            #expect(reply.header("Retry-After") == retryAfter)
            // Nothing of what Stripe said.
            let message = try #require(PortalError(rawValue: code)?.message)
            #expect(reply.body == #"{"code":"\#(code)","message":"\#(message)","success":false}"#)
            #expect(stripe.api.log.requests.last?.fields["cause"]?.contains("attempts=") == true)
            stripe.sandbox.removeFaults()
            #expect(try await stripe.openPortal(as: "alice").status == 200)
        }
    }

    /// The clock lets almost all of the call's time pass before it is sent.
    @Test func saysThatStripeTookTooLong() async throws {
        try await RunningStripe.run {
            $0.stripeClock = SteppingClock(step: .milliseconds(7900))
        } _: { stripe in
            try await stripe.subscription(of: try await stripe.customer(of: "alice"))
            stripe.sandbox.inject(APIFault(.delay(.seconds(3600)), frequency: .fraction(1)))
            let reply = try await stripe.openPortal(as: "alice")
            #expect(reply.status == 504)
            #expect(try reply.code() == "stripe_timeout")
        }
    }

    @Test func saysThatTheMirrorCannotBeRead() async throws {
        try await RunningStripe.run { stripe in
            try await stripe.subscription(of: try await stripe.customer(of: "alice"))
            try stripe.api.store.close()
            for reply in [try await stripe.openPortal(as: "alice"), try await stripe.subscriptions(as: "alice")] {
                #expect(reply.status == 503)
                #expect(try reply.code() == "store_unavailable")
                #expect(reply.header("Retry-After") == "5")
            }
            #expect(stripe.portalCalls == 0)
        }
    }
}
