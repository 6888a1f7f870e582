import Stripe

/// The `Stripe-Signature` header of a delivery: <https://docs.stripe.com/webhooks#verify-manually>.
enum DeliverySignature {
    /// One `v1` per secret, and the fake `v0` that Stripe adds to test deliveries.
    static func header(payload: [UInt8], secrets: [String], timestamp: Int) -> String {
        let header = WebhookSignature.header(
            signing: payload,
            with: secrets.compactMap(WebhookSecret.init),
            at: Int64(timestamp)
        )
        return header + ",v0=" + String(repeating: "0", count: 64)
    }
}
