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
    var isDeleted = false

    /// The customer as version `2026-03-25.dahlia` shows it.
    func json(livemode: Bool) -> JSONObject {
        [
            "id": .string(id), "object": "customer", "address": address.map(JSONValue.object) ?? nil,
            "balance": .integer(balance), "created": .integer(created), "currency": JSONValue(currency),
            "customer_account": nil, "default_source": nil, "delinquent": false,
            "description": JSONValue(description), "discount": nil, "email": JSONValue(email),
            "invoice_prefix": .string(invoicePrefix),
            "invoice_settings": [
                "custom_fields": nil, "default_payment_method": nil, "footer": nil, "rendering_options": nil,
            ],
            "livemode": .bool(livemode), "metadata": .object(metadata), "name": JSONValue(name),
            "next_invoice_sequence": 1, "phone": JSONValue(phone),
            "preferred_locales": .array(preferredLocales.map(JSONValue.string)), "shipping": nil,
            "tax_exempt": .string(taxExempt), "test_clock": nil,
        ]
    }

    /// What `DELETE` answers, and `GET` from then on.
    var deletedJSON: JSONObject {
        ["id": .string(id), "object": "customer", "deleted": true]
    }
}
