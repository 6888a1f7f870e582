extension StripeClient {
    /// Asks Stripe for next to nothing, once, to see whether it answers: `GET /v1/customers?limit=1`.
    ///
    /// - Parameter budget: the time for the attempt and the wait before it.
    /// - Throws: ``StripeCallError``; a refusal is an answer too.
    public func probe(budget: Duration = .seconds(3)) async throws(StripeCallError) {
        var client = self
        client.retryPolicy.maxRetries = 0
        _ = try await client.get(
            "/v1/customers",
            FormEncoding([.init("limit", .integer(1))]),
            lane: .portal,
            timer: timer(budget)
        )
    }
}
