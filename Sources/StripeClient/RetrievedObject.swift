public import Stripe

/// An object as Stripe answered a GET with it.
public struct RetrievedObject: Sendable {
    /// The object in full.
    public let object: JSON
    /// The reply's `Date`, in Unix seconds: Stripe's own time, at most a moment after the object was read.
    public let date: Int64
    /// The `Request-Id` of the call.
    public let requestID: String?
}
