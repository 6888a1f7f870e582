extension StripeModel {
    mutating func createCustomer(_ reader: inout ParameterReader, _ call: CallContext) throws(StripeAPIError)
        -> JSONObject
    {
        let fields = try CustomerFields(&reader)
        let testClock = try Self.testClock(&reader)
        try reader.finish()
        var customer = Customer(
            id: ids.short("cus_"),
            created: call.now,
            invoicePrefix: ids.token(length: 8).uppercased()
        )
        customer.testClock = testClock
        fields.apply(to: &customer)
        customers.append(customer)
        emit("customer.created", snapshot(customer), call)
        return json(customer, call.rendering)
    }

    func json(_ customer: Customer, _ rendering: Rendering) -> JSONObject {
        snapshot(customer).json(rendering)
    }

    func retrieveCustomer(_ id: String, _ call: CallContext) throws(StripeAPIError) -> JSONObject {
        guard let customer = customers[id] else { throw .missing("customer", id) }
        return customer.isDeleted ? customer.deletedJSON : json(customer, call.rendering)
    }

    mutating func updateCustomer(
        _ id: String,
        _ reader: inout ParameterReader,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        guard let customer = customers[id], !customer.isDeleted else { throw .missing("customer", id) }
        let fields = try CustomerFields(&reader)
        try reader.finish()
        var changed = customer
        fields.apply(to: &changed)
        return store(changed, replacing: customer, call)
    }

    /// Keeps a changed customer and emits `customer.updated` if it looks different.
    @discardableResult
    mutating func store(_ changed: Customer, replacing old: Customer, _ call: CallContext) -> JSONObject {
        customers.update(changed)
        emitUpdate("customer.updated", from: snapshot(old), to: snapshot(changed), call)
        return json(changed, call.rendering)
    }

    /// Deletes a customer; its subscriptions end at once: <https://docs.stripe.com/api/customers/delete>.
    mutating func deleteCustomer(_ id: String, _ call: CallContext) throws(StripeAPIError) -> JSONObject {
        guard let customer = customers[id], !customer.isDeleted else { throw .missing("customer", id) }
        for position in subscriptionPositions[id] ?? [] {
            let subscription = subscriptions.objects[position]
            if !subscription.isEnded { end(subscription, reason: "cancellation_requested", call) }
        }
        var deleted = customer
        deleted.isDeleted = true
        customers.update(deleted)
        // The event carries the last full object, without a `deleted` member.
        emit("customer.deleted", snapshot(deleted), previous: snapshot(customer), call)
        return customer.deletedJSON
    }

    func listCustomers(_ reader: inout ParameterReader, _ call: CallContext) throws(StripeAPIError) -> JSONObject {
        var query = try ListQuery(&reader)
        try query.readCreated(&reader)
        let email = try reader.text("email")
        let testClock = try Self.testClock(&reader)
        try reader.finish()
        let page = try customers.page(query, kind: "customer") { customer in
            !customer.isDeleted && customer.testClock == testClock && (email == nil || customer.email == email)
        }
        return page.json(url: "/v1/customers") { json($0, call.rendering) }
    }

    /// Reads `test_clock`; the clocks themselves are not modelled, so any `clock_…` id is one.
    static func testClock(_ reader: inout ParameterReader) throws(StripeAPIError) -> String? {
        guard let id = try reader.text("test_clock") else { return nil }
        guard id.hasPrefix("clock_") else { throw .missing("test_helpers.test_clock", id, param: "test_clock") }
        return id
    }
}

/// The settable fields of a customer as one request gives them.
private struct CustomerFields {
    private var email: FieldChange<String>
    private var name: FieldChange<String>
    private var phone: FieldChange<String>
    private var description: FieldChange<String>
    private var balance: Int?
    private var taxExempt: String?
    private var preferredLocales: [String]?
    private var address: FieldChange<JSONObject>
    private var metadata: MetadataChange?

    init(_ reader: inout ParameterReader) throws(StripeAPIError) {
        email = try reader.textChange("email")
        if case .set(let address) = email, !address.contains("@") {
            throw .invalid("email", "Invalid email address: \(address)", code: "email_invalid")
        }
        name = try reader.textChange("name")
        phone = try reader.textChange("phone")
        description = try reader.textChange("description")
        balance = try reader.integer("balance")
        taxExempt = try reader.choice("tax_exempt", of: ["none", "exempt", "reverse"])
        preferredLocales = try reader.texts("preferred_locales")
        address = try Self.address(&reader)
        metadata = try reader.metadata()
    }

    private static func address(_ reader: inout ParameterReader) throws(StripeAPIError) -> FieldChange<JSONObject> {
        let isCleared = reader.holdsText("address")
        guard var fields = try reader.hash("address") else { return .keep }
        guard !isCleared else { return .clear }
        var address = JSONObject()
        for name in ["city", "country", "line1", "line2", "postal_code", "state"] {
            address[name] = JSONValue(try fields.text(name))
        }
        try fields.finish()
        return .set(address)
    }

    func apply(to customer: inout Customer) {
        customer.email = email.applied(to: customer.email)
        customer.name = name.applied(to: customer.name)
        customer.phone = phone.applied(to: customer.phone)
        customer.description = description.applied(to: customer.description)
        customer.balance = balance ?? customer.balance
        customer.taxExempt = taxExempt ?? customer.taxExempt
        customer.preferredLocales = preferredLocales ?? customer.preferredLocales
        customer.address = address.applied(to: customer.address)
        if let metadata { customer.metadata = metadata.applied(to: customer.metadata) }
    }
}
