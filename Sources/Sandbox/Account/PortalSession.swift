/// A billing portal session: <https://docs.stripe.com/api/customer_portal/sessions/object>.
struct PortalSession: TableObject, Sendable {
    /// How long its page can be opened, in seconds.
    static let lifetime = 300

    var id: String
    var created: Int
    var configuration: String
    var customer: String
    var flow: PortalFlow?
    /// Whether the customer has done what the flow is for.
    var isFlowDone = false
    var locale: String?
    var returnURL: String?
    /// The secret part of the URL.
    var token: String
    var url: String

    func json(livemode: Bool) -> JSONObject {
        [
            "id": .string(id), "object": "billing_portal.session", "configuration": .string(configuration),
            "created": .integer(created), "customer": .string(customer), "customer_account": nil,
            "flow": flow.map { .object($0.json) } ?? nil, "livemode": .bool(livemode), "locale": JSONValue(locale),
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
        let locale = try reader.locale("locale")
        let returnURL = try reader.url("return_url")
        let flow = try portalFlow(&reader, customer: customer)
        try reader.finish()
        guard let owner = customers[customer], !owner.isDeleted else {
            throw .missing("customer", customer, param: "customer")
        }
        guard hasPortalConfiguration else {
            throw StripeAPIError(
                message: "No configuration provided and your \(rendering.livemode ? "live" : "test") mode default "
                    + "configuration has not been created. Provide a configuration or create your default."
            )
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
