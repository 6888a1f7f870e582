/// A customer, as far as the mirror has columns for it. https://docs.stripe.com/api/customers/object
public struct Customer: Sendable, Hashable {
    /// Stripe's name of the type.
    public static let objectName = "customer"

    /// Stripe's id, `cus_…`.
    public var id: String
    /// As given to Stripe; it may be empty or no address at all.
    public var email: String?
    /// Full name or business name.
    public var name: String?
    /// Unix seconds; nil in the stub that stands for a deleted customer.
    public var created: Int64?
    /// Nil in the stub that stands for a deleted customer.
    public var livemode: Bool?
    /// Whether Stripe says `deleted: true`.
    public var deleted: Bool
    /// The operator's own keys and values.
    public var metadata: [String: String]

    /// Reads a customer of any API version, whole or the stub of a deleted one.
    ///
    /// - Throws: ``JSONError`` where `id` is missing or a field has a type that Stripe does not document.
    public init(_ object: JSON) throws(JSONError) {
        id = try object.id()
        email = try object.optionalString("email")
        name = try object.optionalString("name")
        created = try object.optionalInteger("created")
        livemode = try object.optionalBool("livemode")
        deleted = try object.optionalBool("deleted") ?? false
        metadata = try object.metadata()
    }
}
