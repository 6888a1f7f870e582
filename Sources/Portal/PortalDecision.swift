public import MirrorStore

/// Whether a user may open the billing portal, and for which customer.
///
/// A pure function of what the mirror holds; the order of the customers does not matter.
public enum PortalDecision: Sendable, Hashable {
    /// The portal opens for this Stripe customer.
    case allowed(customer: String)
    /// The user is linked to no customer, or to deleted ones only.
    case customerNotFound
    /// No allowed subscription is left once the customers that another user claims too are set aside.
    case customerLinkConflict
    /// None of the user's customers has a subscription with an allowed status.
    case noActiveSubscription
    /// Nothing in the mirror opens the portal, but not all that Stripe has is in the mirror yet.
    case mirrorNotReady

    /// Decides for a user who is linked to these customers.
    ///
    /// A deleted customer never counts, and one that another user claims too never opens. Of the rest with an allowed
    /// subscription, one that metadata names wins over one that only a Checkout session names, then the newest, then
    /// the one with the greater id.
    ///
    /// - Parameters:
    ///   - snapshot: every customer the user is linked to, with its subscriptions, and whether that is all.
    ///   - allowedStatuses: subscription statuses that open the portal, as Stripe spells them.
    public init(_ snapshot: MirrorReader.Snapshot, allowedStatuses: Set<String>) {
        let existing = snapshot.customers.filter { !$0.deleted }
        let newestAllowed =
            existing
            .filter { !$0.isClaimedByOthers && $0.hasSubscription(in: allowedStatuses) }
            .max { $0.rank < $1.rank }

        if let newestAllowed {
            self = .allowed(customer: newestAllowed.id)
        } else if existing.contains(where: \.isClaimedByOthers) {
            self = .customerLinkConflict
        } else if !snapshot.isFilled {
            self = .mirrorNotReady
        } else if !existing.isEmpty {
            self = .noActiveSubscription
        } else {
            self = .customerNotFound
        }
    }

    /// The customer to open the portal for.
    ///
    /// - Throws: the ``PortalError`` of the same name where the portal stays closed.
    public func get() throws(PortalError) -> String {
        switch self {
        case .allowed(let customer): customer
        case .customerNotFound: throw .customerNotFound
        case .customerLinkConflict: throw .customerLinkConflict
        case .noActiveSubscription: throw .noActiveSubscription
        case .mirrorNotReady: throw .mirrorNotReady
        }
    }
}

extension LinkedCustomer {
    fileprivate func hasSubscription(in statuses: Set<String>) -> Bool {
        subscriptions.contains { statuses.contains($0.status) }
    }

    fileprivate var rank: (Int, Int64, String) {
        (isClaimedByMetadata ? 1 : 0, newness, id)
    }

    /// Seconds since 1970; while nothing is known the customer counts as older than any other.
    fileprivate var newness: Int64 {
        created ?? subscriptions.compactMap(\.created).max() ?? .min
    }
}
