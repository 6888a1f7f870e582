/// An event: rendered once, when it happens, and never again.
struct Event: TableObject, Sendable {
    var id: String
    var created: Int
    var type: String
    /// The object as it was after the change.
    var object: JSONObject
    var previousAttributes: JSONObject?
    var requestID: String?
    var idempotencyKey: String?
    var apiVersion: String
    var livemode: Bool
    /// Endpoints that have not yet answered with a 2xx, by their place in the sandbox's list.
    var pendingEndpoints: Set<Int> = []

    func json() -> JSONObject {
        var data: JSONObject = ["object": .object(object)]
        if let previousAttributes { data["previous_attributes"] = .object(previousAttributes) }
        return [
            "id": .string(id), "object": "event", "api_version": .string(apiVersion), "created": .integer(created),
            "data": .object(data), "livemode": .bool(livemode), "pending_webhooks": .integer(pendingEndpoints.count),
            "request": ["id": JSONValue(requestID), "idempotency_key": JSONValue(idempotencyKey)],
            "type": .string(type),
        ]
    }
}
