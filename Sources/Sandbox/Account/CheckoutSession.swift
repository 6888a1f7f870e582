/// A checkout session that sells a subscription: <https://docs.stripe.com/api/checkout/sessions/object>.
struct CheckoutSession: TableObject, Sendable {
    static let lifetime = 86_400

    var id: String
    var created: Int
    var url: String
    var items: StripeParameters
    var amount: Int
    var currency: String
    var clientReferenceID: String?
    var customer: String?
    var customerEmail: String?
    var successURL: String?
    var cancelURL: String?
    var metadata: JSONObject
    var subscriptionMetadata: StripeParameters
    var subscription: String?

    var isComplete: Bool {
        subscription != nil
    }

    func json(livemode: Bool, email: String?) -> JSONObject {
        var object: JSONObject = [
            "id": .string(id), "object": "checkout.session", "adaptive_pricing": ["enabled": true],
            "after_expiration": nil, "allow_promotion_codes": nil, "amount_subtotal": .integer(amount),
            "amount_total": .integer(amount),
            "automatic_tax": ["enabled": false, "liability": nil, "provider": nil, "status": nil],
            "billing_address_collection": nil, "cancel_url": JSONValue(cancelURL),
            "client_reference_id": JSONValue(clientReferenceID), "client_secret": nil,
            "collected_information": ["business_name": nil, "individual_name": nil, "shipping_details": nil],
            "consent": nil, "consent_collection": nil, "created": .integer(created),
            "currency": .string(currency), "currency_conversion": nil, "custom_fields": [],
            "custom_text": [
                "after_submit": nil, "shipping_address": nil, "submit": nil, "terms_of_service_acceptance": nil,
            ],
            "customer": JSONValue(customer), "customer_account": nil,
            "customer_creation": customer == nil && !isComplete ? "always" : nil,
        ]
        object["customer_details"] = [
            "address": nil, "business_name": nil, "email": JSONValue(email), "individual_name": nil, "name": nil,
            "phone": nil, "tax_exempt": "none", "tax_ids": nil,
        ]
        for member in statusJSON(livemode: livemode).members { object[member.name] = member.value }
        return object
    }

    private func statusJSON(livemode: Bool) -> JSONObject {
        [
            "customer_email": JSONValue(customerEmail), "discounts": [],
            "expires_at": .integer(created + Self.lifetime), "integration_identifier": nil, "invoice": nil,
            "invoice_creation": nil, "livemode": .bool(livemode), "locale": nil, "metadata": .object(metadata),
            "mode": "subscription", "origin_context": nil, "payment_intent": nil, "payment_link": nil,
            "payment_method_collection": "always", "payment_method_configuration_details": nil,
            "payment_method_options": ["card": ["request_three_d_secure": "automatic"]],
            "payment_method_types": ["card"], "payment_status": isComplete ? "paid" : "unpaid",
            "permissions": nil, "phone_number_collection": ["enabled": false], "recovered_from": nil,
            "saved_payment_method_options": [
                "allow_redisplay_filters": ["always"], "payment_method_remove": "disabled",
                "payment_method_save": nil,
            ],
            "setup_intent": nil, "shipping_address_collection": nil, "shipping_cost": nil, "shipping_options": [],
            "status": isComplete ? "complete" : "open", "submit_type": nil,
            "subscription": JSONValue(subscription), "success_url": JSONValue(successURL),
            "total_details": ["amount_discount": 0, "amount_shipping": 0, "amount_tax": 0],
            "ui_mode": "hosted_page", "url": isComplete ? nil : .string(url), "wallet_options": nil,
        ]
    }
}

extension StripeModel {
    private func json(_ session: CheckoutSession) -> JSONObject {
        let email = session.customer.flatMap { customers[$0]?.email } ?? session.customerEmail
        return session.json(livemode: rendering.livemode, email: email)
    }

    mutating func createCheckoutSession(
        _ reader: inout ParameterReader,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        guard try reader.choice("mode", of: ["payment", "setup", "subscription"]) == "subscription" else {
            throw .invalid("mode", "The sandbox sells subscriptions only: mode must be subscription.")
        }
        guard let lines = try reader.hashes("line_items"), !lines.isEmpty else {
            throw .parameterMissing("line_items")
        }
        var items: [FormValue] = []
        var amount = 0
        var currency = "usd"
        for var line in lines {
            guard let price = try priceChoice(&line, required: true) else { continue }
            let quantity = try Self.quantity(&line) ?? 1
            try line.finish()
            items.append(["price": .text(price.id), "quantity": .text(String(quantity))])
            amount += price.unitAmount * quantity
            currency = price.currency
        }
        let id = "cs_\(rendering.livemode ? "live" : "test")_a1\(ids.token(length: 56))"
        var session = CheckoutSession(
            id: id,
            created: call.now,
            url: "\(pageBase)/c/pay/\(id)",
            items: ["items": FormValue(list: items)],
            amount: amount,
            currency: currency,
            metadata: try reader.metadata()?.applied(to: [:]) ?? [:],
            subscriptionMetadata: [:]
        )
        session.clientReferenceID = try reader.textChange("client_reference_id").applied(to: nil)
        session.customer = try reader.textChange("customer").applied(to: nil)
        session.customerEmail = try reader.textChange("customer_email").applied(to: nil)
        session.successURL = try reader.url("success_url")
        session.cancelURL = try reader.url("cancel_url")
        if var data = try reader.hash("subscription_data") {
            if let metadata = try data.metadata() {
                session.subscriptionMetadata = ["metadata": metadata.formValue]
            }
            try data.finish()
        }
        try reader.finish()
        if let customer = session.customer, customers[customer].map(\.isDeleted) ?? true {
            throw .missing("customer", customer, param: "customer")
        }
        checkoutSessions.append(session)
        return json(session)
    }

    func retrieveCheckoutSession(_ id: String) throws(StripeAPIError) -> JSONObject {
        guard let session = checkoutSessions[id] else { throw .missing("checkout.session", id) }
        return json(session)
    }

    /// Pays a checkout session as its customer would: customer (where it has none), subscription, then
    /// `checkout.session.completed`.
    mutating func completeCheckoutSession(_ id: String, now: Int) throws(StripeAPIError) -> JSONObject {
        guard var session = checkoutSessions[id] else { throw .missing("checkout.session", id) }
        guard !session.isComplete else { throw StripeAPIError(message: "This checkout session is already complete.") }
        let call = CallContext(now: now, rendering: rendering)
        var customer = session.customer
        if customer == nil {
            var fields = ParameterReader(session.customerEmail.map { ["email": .text($0)] } ?? [:])
            customer = try createCustomer(&fields, call)["id"]?.string
        }
        var parameters = session.items
        parameters["customer"] = customer.map(FormValue.text)
        parameters["metadata"] = session.subscriptionMetadata["metadata"]
        var reader = ParameterReader(parameters)
        session.customer = customer
        session.subscription = try createSubscription(&reader, call)["id"]?.string
        checkoutSessions.update(session)
        emit("checkout.session.completed", Snapshot(json(session)), call)
        return json(session)
    }
}
