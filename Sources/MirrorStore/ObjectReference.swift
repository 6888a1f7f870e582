/// A customer or a subscription by its name.
public struct ObjectReference: Hashable, Sendable {
    /// The object's kind.
    public var kind: MirroredKind
    /// Stripe's id, `cus_…` or `sub_…`.
    public var id: String

    /// Creates a reference from its parts.
    public init(kind: MirroredKind, id: String) {
        self.kind = kind
        self.id = id
    }
}
