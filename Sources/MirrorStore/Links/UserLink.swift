/// A claim of one of Stripe's objects, or a decision of the operator's, on whether a customer is a user's.
public struct UserLink: Sendable, Hashable, Encodable {
    /// What it comes to beside the others of the same customer.
    public enum Standing: String, Sendable, Hashable, Encodable {
        /// The customer is the user's.
        case inForce = "in_force"
        /// Another user claims the customer too: it opens for neither.
        case conflict
        /// The operator has linked the two; the claim says the same.
        case agrees
        /// The operator has decided otherwise.
        case overruled
        /// The operator's word that the customer is not the user's.
        case unlinked
    }

    /// The user's id.
    public var user: String
    /// `cus_…`.
    public var customer: String
    /// `customer_metadata`, `subscription_metadata`, `checkout_client_reference_id` or `operator`.
    public var source: String
    /// The object that says so; nil for the operator.
    public var claimant: String?
    /// The event that brought the claim; nil where a read did, and for the operator.
    public var event: String?
    /// When it was made, Unix seconds by this machine's clock.
    public var createdAt: Int64
    /// What it comes to.
    public var standing: Standing

    enum CodingKeys: String, CodingKey {
        case customer, source, claimant, event, standing
        case user = "user_id"
        case createdAt = "created_at"
    }
}
