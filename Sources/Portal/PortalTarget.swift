public import MirrorStore
internal import Stripe
public import StripeClient

/// For which customer the portal opens, and on which page: what a user asks for, as far as it is theirs.
///
/// A pure function of the request and of what the mirror holds of the user. It knows nothing of anybody else, so that
/// another user's subscription and one that does not exist cannot be told apart, by time neither.
public struct PortalTarget: Sendable, Hashable {
    /// The Stripe customer.
    public var customer: String
    /// The page; nil for all of the portal.
    public var flow: PortalFlow?

    /// Why there is none.
    public enum Refusal: Error, Sendable, Hashable {
        /// The portal stays closed for this user.
        case closed(PortalError)
        /// It would open, but not for what they ask.
        case parameter(ParameterFault)
    }

    /// Decides what opens.
    ///
    /// - Parameters:
    ///   - request: What the user asks for.
    ///   - snapshot: every customer the user is linked to, with its subscriptions, and whether that is all.
    ///   - allowedStatuses: subscription statuses that open the portal, as Stripe spells them.
    /// - Throws: ``Refusal``.
    public init(
        _ request: PortalRequest,
        _ snapshot: MirrorReader.Snapshot,
        allowedStatuses: Set<String>
    ) throws(Refusal) {
        do throws(PortalError) {
            customer = try PortalDecision(snapshot, allowedStatuses: allowedStatuses).get()
        } catch {
            throw .closed(error)
        }
        let own = Subscriptions(snapshot, allowedStatuses: allowedStatuses)
        if let id = request.subscription {
            let chosen = try own.named(id, for: request.flow)
            customer = chosen.customer
            flow = try Self.flow(request, chosen.subscription)
        } else if let wanted = request.flow, wanted.isOfSubscription {
            let chosen = try own.theOneThatFits()
            customer = chosen.customer
            flow = try Self.flow(request, chosen.subscription)
        } else {
            flow = request.flow.map { _ in .paymentMethodUpdate }
        }
    }

    private static func flow(
        _ request: PortalRequest,
        _ subscription: LinkedSubscription
    ) throws(Refusal) -> PortalFlow? {
        switch request.flow {
        case nil: return nil
        case .paymentMethodUpdate: return .paymentMethodUpdate
        case .subscriptionCancel: return .subscriptionCancel(subscription: subscription.id)
        case .subscriptionUpdate: return .subscriptionUpdate(subscription: subscription.id)
        case .subscriptionUpdateConfirm:
            // Stripe takes one item only.
            guard let item = subscription.items.first, subscription.items.count == 1, let price = request.price else {
                throw Subscriptions.fault(
                    "This subscription has several items: it cannot be changed by the flow subscription_update_confirm.",
                    cause: "\(subscription.id) has \(subscription.items.count) items"
                )
            }
            let change = PortalFlow.ItemChange(item: item.id, price: price, quantity: request.quantity)
            return .subscriptionUpdateConfirm(subscription: subscription.id, change: change)
        }
    }
}

/// The subscriptions of the customers that are a user's alone.
private struct Subscriptions {
    typealias Choice = (customer: String, subscription: LinkedSubscription)

    private let customers: [LinkedCustomer]
    private let isFilled: Bool
    private let allowedStatuses: Set<String>

    init(_ snapshot: MirrorReader.Snapshot, allowedStatuses: Set<String>) {
        customers = snapshot.customers.filter { !$0.deleted && !$0.isClaimedByOthers }
        isFilled = snapshot.isFilled
        self.allowedStatuses = allowedStatuses
    }

    static func fault(_ message: String, cause: String) -> PortalTarget.Refusal {
        .parameter(ParameterFault("subscription", message, cause: cause))
    }

    func named(_ id: String, for flow: PortalRequest.Flow?) throws(PortalTarget.Refusal) -> Choice {
        for customer in customers {
            for subscription in customer.subscriptions where subscription.id == id {
                let opens = allowedStatuses.contains(subscription.status) && flow?.isOfSubscription != true
                guard opens || !subscription.hasEnded else {
                    throw Self.fault("This subscription has ended.", cause: "\(id) has ended")
                }
                guard customer.subscriptions.contains(where: { allowedStatuses.contains($0.status) }) else {
                    throw .closed(.noActiveSubscription)
                }
                return (customer.id, subscription)
            }
        }
        // It may be on its way still.
        guard isFilled else { throw .closed(.mirrorNotReady) }
        throw Self.fault("You have no such subscription.", cause: "\(id) is not the user's")
    }

    func theOneThatFits() throws(PortalTarget.Refusal) -> Choice {
        let fitting = customers.flatMap { customer in
            customer.subscriptions
                .filter { allowedStatuses.contains($0.status) && !$0.hasEnded }
                .map { (customer: customer.id, subscription: $0) }
        }
        guard let only = fitting.first, fitting.count == 1 else {
            throw Self.fault(
                fitting.isEmpty
                    ? "You have no subscription that this flow could change."
                    : "You have more than one subscription: name the one that is meant.",
                cause: "\(fitting.count) subscriptions fit"
            )
        }
        return only
    }
}

extension LinkedSubscription {
    /// Whether nothing can follow any more.
    fileprivate var hasEnded: Bool { SubscriptionStatus(rawValue: status).isFinal }
}
