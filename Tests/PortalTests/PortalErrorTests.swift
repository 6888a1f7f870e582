import Portal
import Testing

@Suite struct PortalErrorTests {
    @Test func codesAreThoseOfTheContract() {
        #expect(
            PortalError.allCases.map(\.code) == [
                "authentication_required", "invalid_token", "cross_site_request", "authentication_unavailable",
                "customer_not_found", "no_active_subscription", "customer_link_conflict", "invalid_parameter",
                "rate_limited", "mirror_not_ready", "mirror_stale", "stripe_error", "stripe_busy",
                "stripe_unavailable", "stripe_timeout",
                "store_unavailable",
            ]
        )
    }

    @Test(arguments: PortalError.allCases)
    func messagesAreSentencesOfTheirOwn(_ error: PortalError) {
        #expect(error.message.hasSuffix("."))
        #expect(PortalError.allCases.filter { $0.message == error.message } == [error])
    }
}
