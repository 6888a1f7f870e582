/// One line of the ledger of links.
public enum LinkChange: String, Sendable, Hashable, Encodable {
    /// An object of Stripe's began to say that the customer is the user's.
    case claimed
    /// It no longer says so.
    case withdrawn
    /// The operator decided that the customer is the user's, and nobody else's.
    case linked
    /// The operator decided that it is not.
    case unlinked
    /// A decision of the operator's was taken back.
    case undone
}
