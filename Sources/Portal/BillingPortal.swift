public import MirrorStore
internal import Stripe
public import StripeClient

/// Opens the billing portal for a user: the mirror decides, and only then Stripe is called, once.
public struct BillingPortal: Sendable {
    private let reader: MirrorReader
    private let client: StripeClient
    private let allowedStatuses: Set<String>
    private let returnURL: String
    private let configuration: String?

    /// - Parameters:
    ///   - reader: Reads the mirror.
    ///   - client: Calls Stripe.
    ///   - allowedStatuses: The statuses of a subscription that open the portal.
    ///   - returnURL: Where the portal's link back leads.
    ///   - configuration: The portal configuration, `bpc_…`; nil for Stripe's default.
    public init(
        reader: MirrorReader,
        client: StripeClient,
        allowedStatuses: Set<String>,
        returnURL: String,
        configuration: String?
    ) {
        self.reader = reader
        self.client = client
        self.allowedStatuses = allowedStatuses
        self.returnURL = returnURL
        self.configuration = configuration
    }

    /// Creates a portal session for a user.
    ///
    /// - Parameters:
    ///   - user: The user.
    ///   - onRead: Gets what was read from the mirror, also where the portal stays closed.
    /// - Returns: The session.
    /// - Throws: ``PortalFailure``, named after what stands in the way.
    public func open(
        for user: UserID,
        onRead: (MirrorReader.Snapshot) -> Void = { _ in }
    ) async throws(PortalFailure) -> PortalSession {
        let snapshot = try await snapshot(of: user)
        onRead(snapshot)
        let decision = PortalDecision(snapshot, allowedStatuses: allowedStatuses)
        let customer: String
        do throws(PortalError) {
            customer = try decision.get()
        } catch {
            throw PortalFailure(error)
        }
        return try await session(of: customer)
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
        let snapshot = try await snapshot(of: user)
        onRead(snapshot)
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

    private func snapshot(of user: UserID) async throws(PortalFailure) -> MirrorReader.Snapshot {
        do {
            return try await reader.snapshot(of: user)
        } catch {
            throw PortalFailure(.storeUnavailable, cause: "\(error)")
        }
    }

    private func session(of customer: String) async throws(PortalFailure) -> PortalSession {
        let parameters = PortalSessionParameters(
            customer: customer,
            returnURL: returnURL,
            configuration: configuration
        )
        let session: PortalSession
        do {
            session = try await client.createPortalSession(parameters)
        } catch {
            throw PortalFailure(PortalError(error), cause: "\(error)")
        }
        // Whoever holds the URL acts for the customer: a session of another one must never be handed out.
        guard session.customer == customer else {
            throw PortalFailure(.stripeError, cause: "the session is of another customer")
        }
        return session
    }
}

extension PortalError {
    init(_ error: StripeCallError) {
        self =
            switch error {
            case .refused, .unreadable: .stripeError
            case .busy, .crowdedOut: .stripeBusy
            case .unavailable, .cancelled: .stripeUnavailable
            case .timedOut: .stripeTimeout
            }
    }
}
