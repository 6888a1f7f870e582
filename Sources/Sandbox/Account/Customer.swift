/// A customer, or the tombstone of a deleted one.
struct Customer: TableObject, Sendable {
    var id: String
    var created: Int
    var invoicePrefix: String
    var email: String?
    var name: String?
    var phone: String?
    var description: String?
    /// Set by the first subscription, as Stripe does.
    var currency: String?
    var balance = 0
    var taxExempt = "none"
    var preferredLocales: [String] = []
    var address: JSONObject?
    var metadata: JSONObject = [:]
    /// The `clock_…` id; objects on test clocks are left out of lists that do not ask for them.
    var testClock: String?
    var isDeleted = false

    /// The customer under an API version.
    ///
    /// - Parameter subscriptions: The running ones, newest first, for versions that show them.
    func json(_ rendering: Rendering, subscriptions: () -> [JSONObject]) -> JSONObject {
        var object = json(rendering)
        guard rendering.inlinesExpandableLists else { return object }
        for (name, values) in [("sources", []), ("subscriptions", subscriptions()), ("tax_ids", [])] {
            object[name] = .object(inlinedList(name, values))
        }
        return object
    }

    /// Lists inside a customer show this many objects.
    private static let inlineLimit = 10

    private func inlinedList(_ name: String, _ objects: [JSONObject]) -> JSONObject {
        [
            "object": "list", "data": .array(objects.prefix(Self.inlineLimit).map(JSONValue.object)),
            "has_more": .bool(objects.count > Self.inlineLimit), "total_count": .integer(objects.count),
            "url": .string("/v1/customers/\(id)/\(name)"),
        ]
    }

    private func json(_ rendering: Rendering) -> JSONObject {
        var object: JSONObject = [
            "id": .string(id), "object": "customer", "address": address.map(JSONValue.object) ?? nil,
            "balance": .integer(balance), "created": .integer(created), "currency": JSONValue(currency),
            "default_source": nil, "delinquent": false,
            "description": JSONValue(description), "discount": nil, "email": JSONValue(email),
            "invoice_prefix": .string(invoicePrefix),
            "invoice_settings": [
                "custom_fields": nil, "default_payment_method": nil, "footer": nil, "rendering_options": nil,
            ],
            "livemode": .bool(rendering.livemode), "metadata": .object(metadata), "name": JSONValue(name),
            "next_invoice_sequence": 1, "phone": JSONValue(phone),
            "preferred_locales": .array(preferredLocales.map(JSONValue.string)), "shipping": nil,
            "tax_exempt": .string(taxExempt), "test_clock": JSONValue(testClock),
        ]
        if rendering.hasCustomerAccount { object.insert("customer_account", nil, after: "currency") }
        return object
    }

    /// What `DELETE` answers, and `GET` from then on.
    var deletedJSON: JSONObject {
        ["id": .string(id), "object": "customer", "deleted": true]
    }
}
