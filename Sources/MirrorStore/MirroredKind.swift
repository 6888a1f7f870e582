/// The kinds of object that the mirror holds.
public enum MirroredKind: String, Hashable, Sendable, CaseIterable {
    /// A customer, under `/v1/customers`.
    case customer
    /// A subscription, under `/v1/subscriptions`.
    case subscription
}
