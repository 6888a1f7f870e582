/// The signing secret of a webhook endpoint.
///
/// Its description does not show it.
public struct WebhookSecret: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// UTF-8 of the whole secret, `whsec_` and any white space included: Stripe uses it as it is.
    let key: [UInt8]

    /// - Parameter secret: The endpoint's secret; nil for one that is empty or white space only, with which anybody
    ///   could sign.
    public init?(_ secret: String) {
        guard !secret.allSatisfy(\.isWhitespace) else { return nil }
        key = Array(secret.utf8)
    }

    /// The first eight hexadecimal digits of the secret's SHA-256: tells secrets apart, and nothing of a random one.
    public var fingerprint: String { String(Hexadecimal.encode(Digest.sha256(key)).prefix(8)) }

    /// The kind of secret, and nothing of it.
    public var description: String { "whsec_…" }

    /// Nothing, so that no log or dump shows the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
