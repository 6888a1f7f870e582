/// A Checkout session, as far as it tells whose customer is whose, and what it sold.
/// https://docs.stripe.com/api/checkout/sessions/object
public struct CheckoutSession: Sendable, Hashable {
    /// Stripe's name of the type.
    public static let objectName = "checkout.session"

    /// Stripe's id, `cs_…`.
    public var id: String
    /// The operator's own id of the user, given when the session was made.
    public var clientReferenceID: String?
    /// `cus_…`; nil where the session made no customer.
    public var customer: String?
    /// `sub_…`; nil where the session sold no subscription.
    public var subscription: String?

    /// Reads a session of any API version.
    ///
    /// - Throws: ``JSONError`` where `id` is missing or a field has a type that Stripe does not document.
    public init(_ object: JSON) throws(JSONError) {
        id = try object.id()
        clientReferenceID = try object.optionalString("client_reference_id")
        customer = try object.optionalID("customer")
        subscription = try object.optionalID("subscription")
    }
}
