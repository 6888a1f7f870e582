/// A product: what a price is charged for.
struct Product: TableObject, Sendable {
    var id: String
    var created: Int
    var updated: Int
    var name: String
    var description: String?
    var active = true
    var metadata: JSONObject = [:]

    func json(livemode: Bool) -> JSONObject {
        [
            "id": .string(id), "object": "product", "active": .bool(active), "attributes": [],
            "created": .integer(created), "default_price": nil, "description": JSONValue(description), "images": [],
            "livemode": .bool(livemode), "marketing_features": [], "metadata": .object(metadata),
            "name": .string(name), "package_dimensions": nil, "shippable": nil, "statement_descriptor": nil,
            "tax_code": nil, "type": "service", "unit_label": nil, "updated": .integer(updated), "url": nil,
        ]
    }
}

/// A recurring price of so much per unit.
struct Price: TableObject, Sendable {
    enum Interval: String, Sendable, CaseIterable {
        case month, year
    }

    var id: String
    var created: Int
    var product: String
    /// In the currency's smallest unit.
    var unitAmount: Int
    var currency: String
    var interval: Interval
    var intervalCount: Int
    var nickname: String?
    var lookupKey: String?
    var active = true
    var metadata: JSONObject = [:]

    /// The end of a billing period that begins at `start`, in Unix seconds.
    func periodEnd(from start: Int) -> Int {
        let months = interval == .year ? 12 * intervalCount : intervalCount
        return CalendarDate(unixSeconds: start).adding(months: months).unixSeconds
    }

    func json(_ rendering: Rendering) -> JSONObject {
        var recurring: JSONObject = [
            "interval": .string(interval.rawValue), "interval_count": .integer(intervalCount), "meter": nil,
            "trial_period_days": nil, "usage_type": "licensed",
        ]
        if rendering.hasAggregateUsage { recurring["aggregate_usage"] = .null }
        return [
            "id": .string(id), "object": "price", "active": .bool(active), "billing_scheme": "per_unit",
            "created": .integer(created), "currency": .string(currency), "custom_unit_amount": nil,
            "livemode": .bool(rendering.livemode), "lookup_key": JSONValue(lookupKey), "metadata": .object(metadata),
            "nickname": JSONValue(nickname), "product": .string(product),
            "recurring": .object(recurring),
            "tax_behavior": "unspecified", "tiers_mode": nil, "transform_quantity": nil, "type": "recurring",
            "unit_amount": .integer(unitAmount), "unit_amount_decimal": .string(String(unitAmount)),
        ]
    }

    /// The same price in the older vocabulary of plans, which subscriptions and their items still carry.
    func planJSON(_ rendering: Rendering) -> JSONObject {
        var plan: JSONObject = [
            "id": .string(id), "object": "plan", "active": .bool(active), "amount": .integer(unitAmount),
            "amount_decimal": .string(String(unitAmount)), "billing_scheme": "per_unit",
            "created": .integer(created), "currency": .string(currency), "interval": .string(interval.rawValue),
            "interval_count": .integer(intervalCount), "livemode": .bool(rendering.livemode),
            "metadata": .object(metadata),
            "meter": nil, "nickname": JSONValue(nickname), "product": .string(product), "tiers_mode": nil,
            "transform_usage": nil, "trial_period_days": nil, "usage_type": "licensed",
        ]
        if rendering.hasAggregateUsage { plan["aggregate_usage"] = .null }
        if rendering.inlinesExpandableLists { plan["tiers"] = .null }
        return plan
    }
}
