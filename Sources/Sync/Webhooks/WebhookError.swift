public import MirrorStore
public import Stripe

/// Why a delivery was not taken in; Stripe sends it again.
public enum WebhookError: Error, Sendable, Hashable {
    /// The signature does not show that Stripe sent the body now.
    case signature(WebhookSignatureError)
    /// The body is no JSON, or no event.
    case body(JSONError)
    /// The mirror could not be written.
    case store(MirrorError)
}
