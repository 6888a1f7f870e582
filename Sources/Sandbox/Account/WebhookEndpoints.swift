/// The account's endpoints as Stripe's API shows them: <https://docs.stripe.com/api/webhook_endpoints>.
extension SandboxState {
    /// Newest first, in one page: the sandbox has few of them.
    func listWebhookEndpoints(_ reader: inout ParameterReader) throws(StripeAPIError) -> JSONObject {
        let query = try ListQuery(&reader)
        try reader.finish()
        let ids = deliveries.endpointIDs
        return [
            "object": "list",
            "data": .array(ids.prefix(query.limit).compactMap { webhookEndpoint($0).map(JSONValue.object) }),
            "has_more": .bool(ids.count > query.limit), "url": "/v1/webhook_endpoints",
        ]
    }

    func retrieveWebhookEndpoint(_ id: String) throws(StripeAPIError) -> JSONObject {
        guard let endpoint = webhookEndpoint(id) else { throw .missing("webhook endpoint", id) }
        return endpoint
    }

    /// The secret is shown here and never again.
    mutating func createWebhookEndpoint(
        _ reader: inout ParameterReader,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        guard let url = try reader.url("url") else { throw .parameterMissing("url") }
        guard let events = try reader.texts("enabled_events"), !events.isEmpty else {
            throw .parameterMissing("enabled_events")
        }
        let apiVersion = try reader.text("api_version")
        _ = try reader.text("description")
        try reader.finish()
        let secret = "whsec_" + model.ids.token(length: 32)
        let endpoint = WebhookEndpoint(url: url, secrets: [secret], events: events, apiVersion: apiVersion)
        do throws(SandboxError) {
            try endpoint.validate()
        } catch {
            throw .invalid("url", error.description, code: "url_invalid")
        }
        let id = DeliveryPlan.endpointID(deliveries.add(endpoint))
        var object = try retrieveWebhookEndpoint(id)
        object["secret"] = .string(secret)
        return object
    }

    mutating func updateWebhookEndpoint(
        _ id: String,
        _ reader: inout ParameterReader
    ) throws(StripeAPIError) -> JSONObject {
        guard let position = deliveries.position(of: id) else { throw .missing("webhook endpoint", id) }
        var endpoint = deliveries.endpoints[position]
        if let url = try reader.url("url") { endpoint.url = url }
        if let events = try reader.texts("enabled_events") { endpoint.events = events }
        let isDisabled = try reader.boolean("disabled")
        _ = try reader.text("description")
        try reader.finish()
        deliveries.replace(position, with: endpoint)
        if let isDisabled { _ = deliveries.setEnabled(!isDisabled, endpoint: id) }
        return try retrieveWebhookEndpoint(id)
    }

    mutating func deleteWebhookEndpoint(_ id: String) throws(StripeAPIError) -> JSONObject {
        guard let position = deliveries.position(of: id) else { throw .missing("webhook endpoint", id) }
        deliveries.delete(position)
        return ["id": .string(id), "object": "webhook_endpoint", "deleted": true]
    }

    private func webhookEndpoint(_ id: String) -> JSONObject? {
        guard let position = deliveries.position(of: id) else { return nil }
        let endpoint = deliveries.endpoints[position]
        return [
            "id": .string(id), "object": "webhook_endpoint", "api_version": JSONValue(endpoint.apiVersion),
            "application": nil, "description": nil,
            "enabled_events": .array(endpoint.events.map(JSONValue.string)),
            "livemode": .bool(model.rendering.livemode), "metadata": .object([:]),
            "status": deliveries.isEnabled(position) ? "enabled" : "disabled", "url": .string(endpoint.url),
        ]
    }
}
