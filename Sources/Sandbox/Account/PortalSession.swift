/// A billing portal session: <https://docs.stripe.com/api/customer_portal/sessions/object>.
struct PortalSession: TableObject, Sendable {
    /// How long its page can be opened, in seconds.
    static let lifetime = 300

    var id: String
    var created: Int
    var configuration: String
    var customer: String
    var flow: JSONObject?
    var locale: String?
    var returnURL: String?
    /// The secret part of the URL.
    var token: String
    var url: String

    func json(livemode: Bool) -> JSONObject {
        [
            "id": .string(id), "object": "billing_portal.session", "configuration": .string(configuration),
            "created": .integer(created), "customer": .string(customer), "customer_account": nil,
            "flow": flow.map(JSONValue.object) ?? nil, "livemode": .bool(livemode), "locale": JSONValue(locale),
            "on_behalf_of": nil, "return_url": JSONValue(returnURL), "url": .string(url),
        ]
    }
}

extension StripeModel {
    mutating func createPortalSession(
        _ reader: inout ParameterReader,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        let customer = try reader.required("customer")
        let configuration = try reader.text("configuration") ?? portalConfiguration
        let locale = try reader.textChange("locale").applied(to: nil)
        let returnURL = try reader.url("return_url")
        let flow = try portalFlow(&reader, customer: customer)
        try reader.finish()
        guard let owner = customers[customer], !owner.isDeleted else {
            throw .missing("customer", customer, param: "customer")
        }
        guard configuration == portalConfiguration else {
            throw .missing("configuration", configuration, param: "configuration")
        }
        let token = ids.token(length: 48)
        let session = PortalSession(
            id: ids.long("bps_"),
            created: call.now,
            configuration: configuration,
            customer: customer,
            flow: flow,
            locale: locale,
            returnURL: returnURL,
            token: token,
            url: "\(pageBase)/p/session/\(token)"
        )
        portalSessions.append(session)
        portalSessionIDs[token] = session.id
        emit("billing_portal.session.created", Snapshot(session.json(livemode: rendering.livemode)), call)
        return session.json(livemode: rendering.livemode)
    }

    /// The session that a page's URL names, unless it has expired.
    func portalSession(token: String, now: Int) -> PortalSession? {
        guard let id = portalSessionIDs[token], let session = portalSessions[id] else { return nil }
        return now < session.created + PortalSession.lifetime ? session : nil
    }

    /// Reads `flow_data`, a deep link into one page of the portal: <https://docs.stripe.com/customer-management/portal-deep-links>.
    private func portalFlow(
        _ reader: inout ParameterReader,
        customer: String
    ) throws(StripeAPIError) -> JSONObject? {
        guard var data = try reader.hash("flow_data") else { return nil }
        let subscriptionFlows = ["subscription_cancel", "subscription_update", "subscription_update_confirm"]
        guard let type = try data.choice("type", of: ["payment_method_update"] + subscriptionFlows) else {
            throw .parameterMissing("flow_data[type]")
        }
        var flow: JSONObject = ["after_completion": .object(try afterCompletion(&data))]
        for name in subscriptionFlows {
            flow[name] = .null
            guard var options = try data.hash(name) else { continue }
            let id = try options.required("subscription")
            guard let subscription = subscriptions[id], subscription.customer == customer else {
                throw .missing("subscription", id, param: "flow_data[\(name)][subscription]")
            }
            var detail: JSONObject = ["subscription": .string(id)]
            if name == "subscription_cancel" { detail["retention"] = .null }
            if name == "subscription_update_confirm" { try readConfirmation(&options, into: &detail) }
            try options.finish()
            flow[name] = .object(detail)
        }
        try data.finish()
        guard type == "payment_method_update" || flow[type] != .null else {
            throw .parameterMissing("flow_data[\(type)]")
        }
        flow["type"] = .string(type)
        return flow
    }

    private func readConfirmation(
        _ options: inout ParameterReader,
        into detail: inout JSONObject
    ) throws(StripeAPIError) {
        guard let items = try options.hashes("items"), items.count == 1, var item = items.first else {
            throw .parameterMissing(options.fullName("items"))
        }
        let id = try item.required("id")
        let price = try priceChoice(&item, required: false)
        let quantity = try Self.quantity(&item)
        try item.finish()
        detail["discounts"] = .null
        detail["items"] = [["id": .string(id), "price": JSONValue(price?.id), "quantity": JSONValue(quantity)]]
    }

    private func afterCompletion(_ data: inout ParameterReader) throws(StripeAPIError) -> JSONObject {
        var after: JSONObject = ["hosted_confirmation": nil, "redirect": nil, "type": "portal_homepage"]
        guard var options = try data.hash("after_completion") else { return after }
        let types = ["hosted_confirmation", "portal_homepage", "redirect"]
        guard let type = try options.choice("type", of: types) else {
            throw .parameterMissing(options.fullName("type"))
        }
        after["type"] = .string(type)
        if var redirect = try options.hash("redirect") {
            let name = redirect.fullName("return_url")
            guard let url = try redirect.url("return_url") else { throw .parameterMissing(name) }
            after["redirect"] = ["return_url": .string(url)]
            try redirect.finish()
        }
        if var confirmation = try options.hash("hosted_confirmation") {
            after["hosted_confirmation"] = ["custom_message": JSONValue(try confirmation.text("custom_message"))]
            try confirmation.finish()
        }
        try options.finish()
        return after
    }
}

extension ParameterReader {
    /// An http or https URL; anything else would make a page's link dangerous.
    mutating func url(_ name: String) throws(StripeAPIError) -> String? {
        guard let value = try textChange(name).applied(to: nil) else { return nil }
        guard value.hasPrefix("https://") || value.hasPrefix("http://") else {
            throw .invalid(
                fullName(name),
                "Not a valid URL: it must begin with http:// or https://.",
                code: "url_invalid"
            )
        }
        return value
    }
}
