/// Stripe's idempotency keys: <https://docs.stripe.com/api/idempotent_requests>.
///
/// The first status and body of an operation that began are kept for a day, those of a 500 included.
struct IdempotencyCache: Sendable {
    static let lifetime = 86_400
    static let keyLimit = 255

    enum Admission {
        /// A new operation; ``finish(_:reply:)`` or ``abandon(_:)`` must follow.
        case proceed
        case replay(APIReply)
        case refuse(StripeAPIError)
    }

    private struct Entry {
        var fingerprint: String
        var created: Int
        /// Nil while the operation is under way.
        var reply: APIReply?
    }

    private var entries: [String: Entry] = [:]

    /// Decides about a call that carries a key.
    ///
    /// - Parameters:
    ///   - key: The `Idempotency-Key` header.
    ///   - fingerprint: Method, path and parameters of the call.
    ///   - now: Unix seconds.
    /// - Returns: Whether the call proceeds, or what it is answered.
    mutating func begin(_ key: String, fingerprint: String, now: Int) -> Admission {
        guard key.count <= Self.keyLimit else {
            return .refuse(StripeAPIError(message: "Idempotency keys have up to \(Self.keyLimit) characters."))
        }
        if let entry = entries[key], now < entry.created + Self.lifetime {
            guard entry.fingerprint == fingerprint else {
                return .refuse(
                    StripeAPIError(
                        type: "idempotency_error",
                        message: "Keys for idempotent requests can only be used with the same parameters they were "
                            + "first used with. Try using a key other than '\(key)'."
                    )
                )
            }
            if let reply = entry.reply { return .replay(reply) }
            return .refuse(
                StripeAPIError(
                    status: 409,
                    type: "idempotency_error",
                    code: "idempotency_key_in_use",
                    message: "There is currently another in-progress request using this key."
                )
            )
        }
        entries[key] = Entry(fingerprint: fingerprint, created: now)
        return .proceed
    }

    /// Keeps the reply, unless the operation failed its validation and so never began.
    mutating func finish(_ key: String, reply: APIReply) {
        if (200..<300).contains(reply.status) || reply.status == 500 || reply.status == 402 {
            entries[key]?.reply = reply
        } else {
            entries[key] = nil
        }
    }

    mutating func abandon(_ key: String) {
        entries[key] = nil
    }
}
