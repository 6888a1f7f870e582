import Foundation
import Logging
import Portal
import Sandbox
import TestSupport
import Testing

/// What keeps Stripe, and the users of a Stripe that does not answer, from too many requests.
@Suite(.timeLimit(.minutes(10))) struct PortalProtectionTests {
    @Test func aUserMayNotAskTooOften() async throws {
        try await RunningStripe.run {
            $0.portalRate = "4/3600s"
        } _: { stripe in
            try await stripe.subscription(of: try await stripe.customer(of: "alice"))
            // Each that is signed in counts, whatever it says.
            #expect(try await stripe.openPortal(as: "alice", asking: "{").status == 400)
            #expect(try await stripe.openPortal(as: "alice").status == 200)
            for body in ["", "{}", "{"] {
                let reply = try await stripe.openPortal(as: "alice", asking: body)
                #expect(reply.status == 429)
                let message = PortalError.rateLimited.message
                #expect(reply.body == #"{"code":"rate_limited","message":"\#(message)","success":false}"#)
                let seconds = try #require(reply.header("Retry-After").flatMap { Int($0) })
                #expect((1...900).contains(seconds))
            }
            #expect(stripe.portalCalls == 1)
            // Whoever is not signed in is nobody, others are not to blame, and looking is free.
            #expect(try await stripe.api.send("POST", "/api/subscriptions/user/billing-portal/").status == 401)
            #expect(try await stripe.openPortal(as: "bob").status == 404)
            for _ in 0..<10 { #expect(try await stripe.subscriptions(as: "alice").status == 200) }
        }
    }

    @Test func aStripeThatDoesNotAnswerIsLeftAloneAndProbed() async throws {
        let clock = ManualClock()
        try await RunningStripe.run {
            $0.stripeClock = SteppingClock(step: .zero)
            $0.probeClock = clock
        } _: { stripe in
            try await stripe.subscription(of: try await stripe.customer(of: "alice"))
            #expect(try await stripe.openPortal(as: "alice").status == 200)
            stripe.sandbox.inject(APIFault(.status(500), frequency: .fraction(1)))
            for _ in 1...5 {
                let reply = try await stripe.openPortal(as: "alice")
                #expect(reply.status == 503)
                #expect(reply.header("Retry-After") == "30")
            }
            let calls = stripe.portalCalls
            var pause = try #require(await clock.nextSleep())
            #expect(pause >= .milliseconds(500) && pause <= .seconds(1))
            for _ in 1...3 {
                let reply = try await stripe.openPortal(as: "alice")
                #expect(reply.status == 503)
                #expect(try reply.code() == "stripe_unavailable")
                #expect(reply.header("Retry-After") == "1")
            }
            // The mirror needs no Stripe.
            #expect(try await stripe.subscriptions(as: "alice").status == 200)

            clock.advance(by: pause)
            pause = try #require(await clock.nextSleep())
            #expect(pause >= .seconds(1) && pause <= .seconds(2))
            #expect(stripe.sandbox.apiCalls["GET /v1/customers"] == 1)
            stripe.sandbox.removeFaults()
            #expect(try await stripe.openPortal(as: "alice").status == 503)
            #expect(stripe.portalCalls == calls)

            clock.advance(by: pause)
            while try await stripe.openPortal(as: "alice").status != 200 {}
            #expect(stripe.sandbox.apiCalls["GET /v1/customers"] == 2)
            #expect(stripe.portalCalls == calls + 1)
            let changes = stripe.api.log.entries.filter { $0.message.hasPrefix("Stripe") }
            #expect(changes.map(\.level) == [.warning, .notice])
        }
    }

    /// A refusal, and a rate limit, are answers.
    @Test(arguments: [400, 403, 429])
    func anAnswerOpensNothing(_ status: Int) async throws {
        try await RunningStripe.run { stripe in
            try await stripe.subscription(of: try await stripe.customer(of: "alice"))
            stripe.sandbox.inject(APIFault(.status(status), path: "/v1/billing_portal/*", frequency: .fraction(1)))
            for _ in 1...8 { #expect(try await stripe.openPortal(as: "alice").status != 200) }
            #expect(stripe.portalCalls == 8)
            #expect(stripe.api.log.entries.allSatisfy { !$0.message.hasPrefix("Stripe") })
        }
    }
}
