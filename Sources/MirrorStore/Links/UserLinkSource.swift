/// Who says that a customer is a user's; an email never does.
enum UserLinkSource: String {
    /// The customer's metadata.
    case customerMetadata = "customer_metadata"
    /// The metadata of one of the customer's subscriptions.
    case subscriptionMetadata = "subscription_metadata"
    /// `client_reference_id` of a finished Checkout session.
    case checkoutClientReferenceID = "checkout_client_reference_id"
    /// The operator, which is no claim but a decision.
    case `operator`
}
