/// The portal's one configuration: <https://docs.stripe.com/api/customer_portal/configurations>.
extension StripeModel {
    func listPortalConfigurations(_ reader: inout ParameterReader) throws(StripeAPIError) -> JSONObject {
        _ = try ListQuery(&reader)
        let active = try reader.boolean("active")
        let isDefault = try reader.boolean("is_default")
        try reader.finish()
        let matches =
            hasPortalConfiguration && (active ?? isPortalActive) == isPortalActive && (isDefault ?? true)
        let data: [JSONValue] = matches ? [.object(portalConfigurationJSON)] : []
        return [
            "object": "list", "data": .array(data), "has_more": false, "url": "/v1/billing_portal/configurations",
        ]
    }

    func retrievePortalConfiguration(_ id: String) throws(StripeAPIError) -> JSONObject {
        guard id == portalConfiguration, hasPortalConfiguration else { throw .missing("configuration", id) }
        return portalConfigurationJSON
    }

    mutating func updatePortalConfiguration(
        _ id: String,
        _ reader: inout ParameterReader
    ) throws(StripeAPIError) -> JSONObject {
        _ = try retrievePortalConfiguration(id)
        let active = try reader.boolean("active")
        try reader.finish()
        if let active { isPortalActive = active }
        return portalConfigurationJSON
    }

    private var portalConfigurationJSON: JSONObject {
        [
            "id": .string(portalConfiguration), "object": "billing_portal.configuration",
            "active": .bool(isPortalActive), "is_default": true, "livemode": .bool(rendering.livemode),
            "metadata": .object([:]),
        ]
    }
}
