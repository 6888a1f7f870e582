public import Foundation
public import MirrorStore
internal import NIOConcurrencyHelpers
internal import Stripe
public import StripeClient

/// Asks the operator's own endpoint whose an opaque session is.
///
/// A session that is active is not asked about again for a while; one that is not is asked about each time. Requests of one
/// session that come together share one call.
public final class SessionIntrospection: Sendable {
    /// How many calls are made at a time: anybody can make up a session, and each call holds a connection.
    static let capacity = 64

    private let endpoint: IntrospectionEndpoint
    private let rules: ClaimRules
    private let transport: CurlTransport
    private let userAgent: String
    private let cache = NIOLockedValueBox(SessionCache())
    private let callCount = NIOLockedValueBox(0)
    private let calls = SharedCalls<[UInt8], IntrospectionAnswer>()

    /// - Parameters:
    ///   - endpoint: Knows the sessions.
    ///   - rules: What its answers must say.
    ///   - transport: Carries the requests; the caller shuts it down.
    ///   - userAgent: `portald/<version> (+<url>)`.
    public init(endpoint: IntrospectionEndpoint, rules: ClaimRules, transport: CurlTransport, userAgent: String) {
        self.endpoint = endpoint
        self.rules = rules
        self.transport = transport
        self.userAgent = userAgent
    }

    /// The user whose session it is.
    ///
    /// - Throws: ``PortalFailure`` with ``PortalError/invalidToken`` where the session has ended, and with
    ///   ``PortalError/authenticationUnavailable`` where the endpoint does not say.
    public func user(of session: String, now: Date) async throws(PortalFailure) -> UserID {
        let digest = Digest.sha256(Array(session.utf8))
        if let user = cache.withLockedValue({ $0.user(of: digest, now: now) }) { return user }
        let answer = await calls.value(for: digest) { await self.ask(session, digest, now: now) }
        switch answer {
        case .active(let user, expiration: _):
            return user
        case .inactive:
            throw PortalFailure(.invalidToken, cause: "the session is not active")
        case .refused(let error):
            throw PortalFailure(.invalidToken, cause: "the session is active, but: \(error)")
        case .none(let cause)?:
            throw PortalFailure(.authenticationUnavailable, cause: cause)
        case nil:
            throw PortalFailure(.authenticationUnavailable, cause: "the request was cancelled")
        }
    }

    private func ask(_ session: String, _ digest: [UInt8], now: Date) async -> IntrospectionAnswer {
        guard beginCall() else { return .none("\(Self.capacity) sessions are being asked about already") }
        defer { endCall() }
        let reply: CurlTransport.Reply
        do {
            reply = try await transport.send(endpoint.request(for: session, userAgent: userAgent))
        } catch {
            return .none("the introspection endpoint cannot be reached: \(error)")
        }
        let answer = IntrospectionAnswer(reply, rules: rules, now: now)
        if case .active(let user, let expiration) = answer {
            cache.withLockedValue { $0.insert(user, for: digest, now: now, expiration: expiration) }
        }
        return answer
    }

    /// False where as many calls are being made as may be.
    func beginCall() -> Bool {
        callCount.withLockedValue { count in
            guard count < Self.capacity else { return false }
            count += 1
            return true
        }
    }

    func endCall() {
        callCount.withLockedValue { $0 -= 1 }
    }
}
