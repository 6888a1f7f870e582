public import Stripe

/// A page of one of Stripe's lists.
///
/// Source: https://docs.stripe.com/api/pagination.
public struct ListPage: Sendable {
    /// The objects in Stripe's order, which is newest first.
    public let objects: [JSON]
    /// Whether more follow; the next page starts after the last object's id.
    public let hasMore: Bool
    /// The reply's `Date`, in Unix seconds: Stripe's own time, at most a moment after the objects were read.
    public let date: Int64
    /// The `Request-Id` of the call.
    public let requestID: String?
}
