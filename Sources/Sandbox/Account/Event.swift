/// An event: its default rendering is made when it happens and never again.
struct Event: TableObject, Sendable {
    /// What an event shows under one API version.
    struct Rendition: Sendable {
        /// The object as it was after the change.
        var object: JSONObject
        var previousAttributes: JSONObject?

        init(_ object: Snapshot, previous: Snapshot?, _ rendering: Rendering) {
            self.object = object.json(rendering)
            previousAttributes = previous.map {
                PreviousAttributes.difference(from: $0.json(rendering), to: self.object)
            }
        }
    }

    var id: String
    var created: Int
    let type: String
    /// The object as it was after the change.
    let object: Snapshot
    /// The object as it was before an update.
    let previous: Snapshot?
    let requestID: String?
    let idempotencyKey: String?
    /// The account's rendering when it happened.
    let rendering: Rendering
    let rendition: Rendition
    /// Endpoints that have not yet answered with a 2xx, by their place in the sandbox's list.
    var pendingEndpoints: Set<Int> = []

    init(
        id: String,
        type: String,
        _ object: Snapshot,
        previous: Snapshot?,
        _ rendering: Rendering,
        _ call: CallContext
    ) {
        self.id = id
        created = call.now
        self.type = type
        self.object = object
        self.previous = previous
        requestID = call.requestID
        idempotencyKey = call.idempotencyKey
        self.rendering = rendering
        rendition = Rendition(object, previous: previous, rendering)
    }

    /// The event in the account's rendering, as the API shows it.
    func json() -> JSONObject {
        json(rendition, apiVersion: rendering.apiVersion)
    }

    /// The event as an endpoint with a version of its own gets it: <https://docs.stripe.com/webhooks/versioning>.
    func json(apiVersion: String?) -> JSONObject {
        guard let apiVersion, apiVersion != rendering.apiVersion else { return json() }
        let pinned = Rendering(apiVersion: apiVersion, livemode: rendering.livemode)
        return json(Rendition(object, previous: previous, pinned), apiVersion: apiVersion)
    }

    private func json(_ rendition: Rendition, apiVersion: String) -> JSONObject {
        var data: JSONObject = ["object": .object(rendition.object)]
        if let previous = rendition.previousAttributes { data["previous_attributes"] = .object(previous) }
        return [
            "id": .string(id), "object": "event", "api_version": .string(apiVersion), "created": .integer(created),
            "data": .object(data), "livemode": .bool(rendering.livemode),
            "pending_webhooks": .integer(pendingEndpoints.count),
            "request": ["id": JSONValue(requestID), "idempotency_key": JSONValue(idempotencyKey)],
            "type": .string(type),
        ]
    }
}
