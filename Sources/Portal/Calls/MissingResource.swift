internal import MirrorStore
internal import Stripe
internal import StripeClient

/// What Stripe does not know of all that the parameters of a portal session name.
///
/// Stripe answers 400 with the code `resource_missing` and the parameter. https://docs.stripe.com/error-codes#resource-missing
enum MissingResource: Hashable {
    /// The mirror holds it, and may be behind.
    case mirrored(ObjectReference)
    /// The client named it.
    case price

    /// Nil where the call failed for another reason.
    init?(_ error: StripeCallError, _ parameters: PortalSessionParameters) {
        guard case .refused(let error, _) = error, error.code == "resource_missing", let name = error.param else {
            return nil
        }
        if name == "customer" {
            self = .mirrored(ObjectReference(kind: .customer, id: parameters.customer))
        } else if name.hasPrefix("flow_data["), let subscription = parameters.flow?.subscription {
            let isPrice = name.hasSuffix("[price]")
            self = isPrice ? .price : .mirrored(ObjectReference(kind: .subscription, id: subscription))
        } else {
            return nil
        }
    }
}
