import Logging
import Stripe
import StripeClient
import TestSupport
import Testing

/// Every call leaves one line with Stripe's `Request-Id`, and nothing secret.
@Suite(.timeLimit(.minutes(10))) struct CallLogTests {
    @Test func namesTheRequestOfEachAttempt() async throws {
        let answers = [StripeClientTests.error(500), StripeClientTests.success, StripeClientTests.error(404)]
        try await RawServer.run({ answers[$0.index] }) { server in
            let capture = LogCapture()
            let client = try StripeClient(of: server, logger: capture.logger)
            _ = try await client.createPortalSession(StripeClientTests.parameters, budget: StripeClientTests.patience)
            await #expect(throws: StripeCallError.self) { try await client.retrieveCustomer("cus_1", lane: .refresh) }
            let lines = capture.entries
            #expect(lines.map(\.level) == [.info, .debug, .info])
            #expect(lines.map(\.message) == ["a call to Stripe is tried again", "call to Stripe", "a call to Stripe failed"])
            #expect(lines.map { $0.fields["stripe_request"] } == ["req_500", "req_ok", "req_404"])
            #expect(lines.map { $0.fields["attempts"] } == ["1", "2", "1"])
            #expect(lines.map { $0.fields["lane"] } == ["portal", "portal", "refresh"])
            let session = "/v1/billing_portal/sessions"
            #expect(lines.map { $0.fields["path"] } == [session, session, "/v1/customers/cus_1"])
            #expect(!capture.text.contains("hidden") && !capture.text.contains("a.example"))
        }
    }

    /// A 401 has no id, nor has a connection that broke; the line is there all the same.
    @Test func aReplyWithoutAnIDIsALineWithout() async throws {
        let unauthorized = #"{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: sk_test_hidden"}}"#
        try await RawServer.run({ _ in .send(RawServer.reply(401, [:], unauthorized)) }) { server in
            let capture = LogCapture()
            let client = try StripeClient(of: server, logger: capture.logger)
            await #expect(throws: StripeCallError.self) { try await client.listWebhookEndpoints(lane: .verify) }
            let line = try #require(capture.entries.first)
            #expect(capture.entries.count == 1 && line.fields["stripe_request"] == nil)
            #expect(line.fields["cause"]?.contains("status=401") == true)
            #expect(!capture.text.contains("hidden"))
        }
    }

    @Test func aQuietLogHearsOfFailuresOnly() async throws {
        try await RawServer.run({ _ in StripeClientTests.success }) { server in
            let capture = LogCapture(level: .info)
            let client = try StripeClient(of: server, logger: capture.logger)
            _ = try await client.createPortalSession(StripeClientTests.parameters, budget: StripeClientTests.patience)
            #expect(capture.entries.isEmpty)
        }
    }
}
