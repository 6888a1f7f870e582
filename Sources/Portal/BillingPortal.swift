public import MirrorStore
public import Stripe
public import StripeClient

/// Opens the billing portal for a user: the mirror decides, and only then Stripe is called, once.
public struct BillingPortal: Sendable {
    private let reader: MirrorReader
    private let calls: PortalCalls
    private let limiter: PortalRateLimiter
    private let allowedStatuses: Set<String>
    private let returnURLs: ReturnURLs
    private let configuration: String?
    private let lagLimit: LagLimit?
    private let metrics: PortalMetrics

    /// - Parameters:
    ///   - reader: Reads the mirror.
    ///   - calls: Calls Stripe; has to run.
    ///   - limiter: Keeps one user from asking too often.
    ///   - allowedStatuses: The statuses of a subscription that open the portal.
    ///   - returnURLs: Where the portal's link back may lead.
    ///   - configuration: The portal configuration, `bpc_…`; nil for Stripe's default.
    ///   - lagLimit: How far the mirror may lag for an answer; nil where it is this machine's own.
    ///   - metrics: Counts decisions.
    public init(
        reader: MirrorReader,
        calls: PortalCalls,
        limiter: PortalRateLimiter,
        allowedStatuses: Set<String>,
        returnURLs: ReturnURLs,
        configuration: String?,
        lagLimit: LagLimit? = nil,
        metrics: PortalMetrics = PortalMetrics()
    ) {
        self.reader = reader
        self.calls = calls
        self.limiter = limiter
        self.allowedStatuses = allowedStatuses
        self.returnURLs = returnURLs
        self.configuration = configuration
        self.lagLimit = lagLimit
        self.metrics = metrics
    }

    /// Counts a request for the portal.
    ///
    /// - Throws: ``PortalFailure`` with ``PortalError/rateLimited`` where the user asks too often.
    public func admit(_ user: UserID) throws(PortalFailure) {
        try limiter.admit(user)
    }

    /// Reads what a request asks for.
    ///
    /// - Parameter body: The request's body; nil where it has none.
    /// - Returns: The request, checked by itself.
    /// - Throws: ``PortalFailure`` with ``PortalError/invalidParameter``.
    public func request(_ body: JSON?) throws(PortalFailure) -> PortalRequest {
        guard let body else { return PortalRequest(returningTo: returnURLs) }
        do throws(ParameterFault) {
            return try PortalRequest(body, returningTo: returnURLs)
        } catch {
            throw PortalFailure(error)
        }
    }

    /// Creates a portal session for a user.
    ///
    /// - Parameters:
    ///   - request: What the user asks for.
    ///   - user: The user.
    ///   - onRead: Gets what was read from the mirror, also where the portal stays closed.
    /// - Returns: The session.
    /// - Throws: ``PortalFailure``, named after what stands in the way.
    public func open(
        _ request: PortalRequest,
        for user: UserID,
        onRead: (MirrorReader.Snapshot) -> Void = { _ in }
    ) async throws(PortalFailure) -> PortalSession {
        let target = try await target(of: request, for: user, onRead: onRead)
        let parameters = PortalSessionParameters(
            customer: target.customer,
            returnURL: request.returnURL,
            configuration: configuration,
            locale: request.locale?.rawValue,
            flow: target.flow
        )
        return try await calls.session(for: user, parameters)
    }

    private func target(
        of request: PortalRequest,
        for user: UserID,
        onRead: (MirrorReader.Snapshot) -> Void
    ) async throws(PortalFailure) -> PortalTarget {
        let start = ContinuousClock.now
        defer { metrics.decided(in: .now - start) }
        let snapshot = try await snapshot(of: user, onRead: onRead)
        do throws(PortalTarget.Refusal) {
            return try PortalTarget(request, snapshot, allowedStatuses: allowedStatuses)
        } catch {
            throw PortalFailure(error)
        }
    }

    /// A user's own subscriptions, as the mirror has them.
    public struct Overview: Sendable, Hashable {
        /// Whether the portal would open.
        public var isActive: Bool
        /// Of all customers that are the user's alone, the newest subscription first.
        public var subscriptions: [LinkedSubscription]
    }

    /// Reads a user's subscriptions; a user without a customer has none.
    ///
    /// - Parameters:
    ///   - user: The user.
    ///   - onRead: Gets what was read from the mirror, also where there is no answer.
    /// - Returns: The subscriptions.
    /// - Throws: ``PortalFailure`` where the user's customer is in conflict, the mirror may still lack what the user has,
    ///   or it cannot be read.
    public func overview(
        of user: UserID,
        onRead: (MirrorReader.Snapshot) -> Void = { _ in }
    ) async throws(PortalFailure) -> Overview {
        let snapshot = try await snapshot(of: user, onRead: onRead)
        switch PortalDecision(snapshot, allowedStatuses: allowedStatuses) {
        case .customerLinkConflict: throw PortalFailure(.customerLinkConflict)
        case .mirrorNotReady: throw PortalFailure(.mirrorNotReady)
        case .allowed, .customerNotFound, .noActiveSubscription: break
        }
        let subscriptions = snapshot.customers.filter { !$0.deleted && !$0.isClaimedByOthers }.flatMap(\.subscriptions)
        return Overview(
            isActive: subscriptions.contains { allowedStatuses.contains($0.status) },
            subscriptions: subscriptions.sorted { ($0.created ?? 0, $0.id) > ($1.created ?? 0, $1.id) }
        )
    }

    private func snapshot(
        of user: UserID,
        onRead: (MirrorReader.Snapshot) -> Void
    ) async throws(PortalFailure) -> MirrorReader.Snapshot {
        let snapshot: MirrorReader.Snapshot
        do {
            snapshot = try await reader.snapshot(of: user)
        } catch {
            throw PortalFailure(.storeUnavailable, cause: "\(error)")
        }
        onRead(snapshot)
        if let lagLimit { try lagLimit.admit(snapshot) }
        return snapshot
    }
}
