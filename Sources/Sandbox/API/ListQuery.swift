/// The parameters that all of Stripe's lists share: <https://docs.stripe.com/api/pagination>.
struct ListQuery: Sendable {
    var limit: Int
    var startingAfter: String?
    var endingBefore: String?
    /// Unix seconds, both ends included.
    var created: ClosedRange<Int>

    init(_ reader: inout ParameterReader) throws(StripeAPIError) {
        limit = try reader.integer("limit") ?? 10
        guard (1...100).contains(limit) else {
            throw .invalid("limit", "Invalid limit: must be between 1 and 100.", code: "parameter_invalid_integer")
        }
        startingAfter = try reader.text("starting_after")
        endingBefore = try reader.text("ending_before")
        guard startingAfter == nil || endingBefore == nil else {
            throw .invalid("ending_before", "Pass either starting_after or ending_before, not both.")
        }
        created = 0...Int.max
    }

    /// Reads `created`, which is an exact time or a hash of `gt`, `gte`, `lt` and `lte`.
    mutating func readCreated(_ reader: inout ParameterReader) throws(StripeAPIError) {
        if reader.holdsText("created") {
            guard let exact = try reader.integer("created") else { return }
            created = exact...exact
            return
        }
        guard var bounds = try reader.hash("created") else { return }
        let lower = max(try bounds.integer("gte") ?? 0, (try bounds.integer("gt")).map { $0 + 1 } ?? 0)
        let upper = min(try bounds.integer("lte") ?? .max, (try bounds.integer("lt")).map { $0 - 1 } ?? .max)
        try bounds.finish()
        guard lower <= upper else { throw .invalid("created", "Invalid created: the range is empty.") }
        created = lower...upper
    }
}
