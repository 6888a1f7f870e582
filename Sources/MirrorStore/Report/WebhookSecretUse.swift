/// How far a signing secret of the webhook endpoint is in use, and whether it may go.
///
/// Stripe signs with every active secret, and a secret that was rolled stays active for 24 hours at most
/// (https://docs.stripe.com/webhooks#roll-endpoint-secrets), so each delivery may be verified by several of them.
public struct WebhookSecretUse: Sendable, Hashable, Encodable {
    /// What the last day says of it.
    public enum Standing: String, Sendable, Hashable, Encodable {
        /// A delivery was verified by it alone.
        case inUse = "in_use"
        /// Each delivery that it verified was verified by another one too: Stripe signs with both.
        case overlapping
        /// It verified none for a day, and another one did since: Stripe has moved on.
        case safeToRemove = "safe_to_remove"
        /// It verified none, and no other one did since.
        case idle
        /// It has never verified any.
        case unused
    }

    /// When a configured secret was used, Unix seconds by this machine's clock.
    struct Times {
        var fingerprint: String
        var lastUsedAt: Int64?
        var lastNeededAt: Int64?
    }

    /// Seconds for which Stripe may sign with a rolled secret; also how long the other secrets have to have been enough.
    public static let overlap: Int64 = 86_400

    /// Tells it from others, and nothing of it.
    public var fingerprint: String
    /// When it last verified a delivery, Unix seconds by this machine's clock.
    public var lastUsedAt: Int64?
    /// When it last verified a delivery that no other one did.
    public var lastNeededAt: Int64?
    /// What that means.
    public var standing: Standing

    /// The names that scripts read.
    public enum CodingKeys: String, CodingKey {
        case fingerprint, standing
        case lastUsedAt = "last_used_at"
        case lastNeededAt = "last_needed_at"
    }

    /// Writes every name, `null` where there is nothing to say.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(fingerprint, forKey: .fingerprint)
        try container.encode(standing, forKey: .standing)
        try container.encode(lastUsedAt, forKey: .lastUsedAt)
        try container.encode(lastNeededAt, forKey: .lastNeededAt)
    }

    static func uses(_ all: [Times], at now: Int64) -> [WebhookSecretUse] {
        all.map { times in
            WebhookSecretUse(
                fingerprint: times.fingerprint,
                lastUsedAt: times.lastUsedAt,
                lastNeededAt: times.lastNeededAt,
                standing: standing(of: times, among: all, at: now)
            )
        }
    }

    private static func standing(of times: Times, among all: [Times], at now: Int64) -> Standing {
        guard let used = times.lastUsedAt else { return .unused }
        if now - used >= overlap {
            let isSucceeded = all.contains { ($0.lastUsedAt ?? .min) > used }
            return isSucceeded ? .safeToRemove : .idle
        }
        guard let needed = times.lastNeededAt, now - needed < overlap else { return .overlapping }
        return .inUse
    }

    /// What an operator reads.
    public var words: String {
        switch standing {
        case .inUse: "in use"
        case .overlapping: "Stripe signs with another one too, and stops within a day where this one was rolled"
        case .safeToRemove: "safe to remove: Stripe has signed without it for a day"
        case .idle: "nothing came for a day"
        case .unused: "not used yet"
        }
    }
}
