internal import Foundation
internal import MirrorStore
internal import Stripe
internal import StripeClient

/// What an introspection endpoint says of a session (RFC 7662 §2.2).
enum IntrospectionAnswer: Sendable, Hashable {
    /// The session is this user's; `expiration` is its `exp`, in seconds since 1970.
    case active(UserID, expiration: TimeInterval?)
    /// The session has ended, or never was.
    case inactive
    /// The session is active, but its claims are not what they must be.
    case refused(TokenError)
    /// Nothing was said; with the cause, which names neither the session nor anything of the answer.
    case none(String)

    /// Reads a reply.
    init(_ reply: CurlTransport.Reply, rules: ClaimRules, now: Date) {
        guard reply.status == 200 else {
            self = .none(Self.cause(status: reply.status))
            return
        }
        guard let claims = try? TokenObject(reply.body, part: .payload), let isActive = claims["active"]?.bool else {
            self = .none("the introspection endpoint's answer is no JSON object with a boolean 'active'")
            return
        }
        guard isActive else {
            self = .inactive
            return
        }
        do throws(TokenError) {
            let user = try rules.userID(of: claims, from: .introspection, now: now)
            self = .active(user, expiration: try rules.numericDate("exp", of: claims))
        } catch {
            self = .refused(error)
        }
    }

    private static func cause(status: Int) -> String {
        switch status {
        case 401, 403:
            "the introspection endpoint answered \(status): it does not know the client id and secret"
        default:
            "the introspection endpoint answered \(status)"
        }
    }
}
