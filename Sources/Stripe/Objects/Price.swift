/// What a subscription item is billed for. https://docs.stripe.com/api/prices/object
public struct Price: Sendable, Hashable {
    /// The id of the price, or of the plan that it replaced.
    public var id: String
    /// Id of the product, `prod_…`.
    public var product: String?

    /// Reads a price, or a plan, its form before API version 2020-08-27; either may be just an id.
    ///
    /// - Throws: ``JSONError`` where there is no id.
    public init(_ object: JSON) throws(JSONError) {
        if let id = object.string {
            self.id = id
        } else {
            id = try object.id()
            product = try object.optionalID("product")
        }
    }
}
