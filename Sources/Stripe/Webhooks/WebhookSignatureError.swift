/// Why a delivery's signature was not accepted.
public enum WebhookSignatureError: Error, Hashable, Sendable {
    /// There is no `Stripe-Signature` header.
    case headerMissing
    /// The header has no `t`.
    case noTimestamp
    /// The header has more than one `t`.
    case ambiguousTimestamp
    /// `t` is not a plain decimal number.
    case invalidTimestamp
    /// The header has no `v1`.
    case noSignature
    /// No `v1` is this body's signature by any of the secrets.
    case noMatch
    /// The timestamp lies `age` seconds before now, or, where negative, after it.
    case outsideTolerance(age: Int64)
}
