import Hummingbird
import NIOCore

/// Serves the sandbox's own controls under `/_sandbox`, for shells and other languages than Swift.
///
/// Parameters are form fields, as in `curl -d effect=duplicate -d next=2 …/_sandbox/faults/events`.
struct ControlController: Sendable {
    private static let bodyLimit = 16 * 1024

    private typealias Action =
        @Sendable (inout ParameterReader, Hummingbird.Parameters) throws(StripeAPIError) -> JSONObject

    let sandbox: Sandbox

    func addRoutes(to router: Router<SandboxRequestContext>) {
        let group = router.group("/_sandbox")
        addInspection(to: group)
        addFaults(to: group)
        addEndpoints(to: group)
        addState(to: group)
        addAccount(to: group)
    }

    private func addAccount(to group: RouterGroup<SandboxRequestContext>) {
        on(.post, "/keys", group) { reader, _ throws(StripeAPIError) in
            let key = try reader.required("key")
            let permissions = Set(try reader.texts("permissions") ?? [])
            try reader.finish()
            sandbox.setRestrictedKey(key, permissions: permissions)
            return ["ok": true]
        }
        on(.post, "/portal_configuration", group) { reader, _ throws(StripeAPIError) in
            guard let exists = try reader.boolean("exists") else { throw .parameterMissing("exists") }
            try reader.finish()
            sandbox.withState { $0.model.hasPortalConfiguration = exists }
            return ["ok": true]
        }
    }

    private func addInspection(to group: RouterGroup<SandboxRequestContext>) {
        on(.get, "/deliveries", group) { _, _ throws(StripeAPIError) in
            ["deliveries": .array(sandbox.attempts.map { .object($0.json) })]
        }
        on(.get, "/calls", group) { _, _ throws(StripeAPIError) in
            let calls = sandbox.apiCalls.sorted { $0.key < $1.key }
            return [
                "calls": .object(JSONObject(calls.map { ($0.key, .integer($0.value)) })),
                "rate_limited": .integer(sandbox.rateLimitedCalls),
            ]
        }
        on(.get, "/endpoints", group) { _, _ throws(StripeAPIError) in
            ["endpoints": .array(sandbox.endpoints.map { .object(Self.json($0.id, $0.endpoint, $0.isEnabled)) })]
        }
        on(.get, "/objects/:id/versions", group) { reader, path throws(StripeAPIError) in
            let apiVersion = try reader.text("api_version")
            try reader.finish()
            let versions = try sandbox.versions(of: path.get("id") ?? "", apiVersion: apiVersion)
            return [
                "versions": .array(versions.map { ["deleted": .bool($0.deleted), "object": .object($0.object)] })
            ]
        }
    }

    private func addFaults(to group: RouterGroup<SandboxRequestContext>) {
        on(.post, "/faults/api", group) { reader, _ throws(StripeAPIError) in
            sandbox.inject(try APIFault(&reader))
            return ["ok": true]
        }
        on(.post, "/faults/events", group) { reader, _ throws(StripeAPIError) in
            sandbox.inject(try EventFault(&reader))
            return ["ok": true]
        }
        on(.delete, "/faults", group) { _, _ throws(StripeAPIError) in
            sandbox.removeFaults()
            return ["ok": true]
        }
        on(.post, "/deliveries/release", group) { _, _ throws(StripeAPIError) in
            sandbox.releaseDeliveries()
            return ["ok": true]
        }
        on(.post, "/events/:id/deliver", group) { _, path throws(StripeAPIError) in
            let id = path.get("id") ?? ""
            guard sandbox.withState({ $0.model.events[id] != nil }) else { throw .missing("event", id) }
            sandbox.deliver(id)
            return ["ok": true]
        }
    }

    private func addEndpoints(to group: RouterGroup<SandboxRequestContext>) {
        on(.post, "/endpoints", group) { reader, _ throws(StripeAPIError) in
            let endpoint = WebhookEndpoint(
                url: try reader.required("url"),
                secrets: [try reader.required("secret")],
                events: try reader.texts("enabled_events") ?? ["*"],
                apiVersion: try reader.text("api_version"),
                isThin: try reader.boolean("thin") ?? false
            )
            try reader.finish()
            do throws(SandboxError) {
                return ["ok": true, "id": .string(try sandbox.addEndpoint(endpoint))]
            } catch {
                throw StripeAPIError(message: error.description)
            }
        }
        on(.post, "/endpoints/:id", group) { reader, path throws(StripeAPIError) in
            guard let isDisabled = try reader.boolean("disabled") else { throw .parameterMissing("disabled") }
            try reader.finish()
            do throws(SandboxError) {
                try sandbox.setEndpoint(path.get("id") ?? "", enabled: !isDisabled)
            } catch {
                throw StripeAPIError(status: 404, message: error.description)
            }
            return ["ok": true]
        }
        on(.post, "/health_events", group) { _, _ throws(StripeAPIError) in
            ["ids": .array(sandbox.reportLostEvents().map(JSONValue.string))]
        }
    }

    private static func json(_ id: String, _ endpoint: WebhookEndpoint, _ isEnabled: Bool) -> JSONObject {
        [
            "id": .string(id), "url": .string(endpoint.url), "api_version": JSONValue(endpoint.apiVersion),
            "thin": .bool(endpoint.isThin), "enabled_events": .array(endpoint.events.map(JSONValue.string)),
            "status": isEnabled ? "enabled" : "disabled",
        ]
    }

    private func addState(to group: RouterGroup<SandboxRequestContext>) {
        on(.post, "/reset", group) { _, _ throws(StripeAPIError) in
            sandbox.reset()
            return ["ok": true]
        }
        on(.post, "/seed", group) { reader, _ throws(StripeAPIError) in
            let customers = try reader.integer("customers") ?? 0
            let subscriptions = try reader.integer("subscriptions") ?? 0
            let userIDs = try reader.boolean("user_ids") ?? true
            try reader.finish()
            do throws(SandboxError) {
                try sandbox.seed(customers: customers, subscriptions: subscriptions, userIDs: userIDs)
            } catch {
                throw StripeAPIError(message: error.description)
            }
            return ["ok": true]
        }
        on(.post, "/clock", group) { reader, _ throws(StripeAPIError) in
            let isFrozen = try reader.boolean("frozen")
            let seconds = try reader.integer("advance")
            try reader.finish()
            if let seconds, seconds < 0 { throw .invalid("advance", "The clock only moves forward.") }
            if let isFrozen { sandbox.setClockFrozen(isFrozen) }
            if let seconds { sandbox.advanceClock(by: seconds) }
            return ["now": .integer(sandbox.now)]
        }
        on(.post, "/subscriptions/:id/status", group) { reader, path throws(StripeAPIError) in
            let id = path.get("id") ?? ""
            let name = try reader.choice("status", of: SubscriptionStatus.allCases.map(\.rawValue))
            try reader.finish()
            guard let status = name.flatMap(SubscriptionStatus.init) else { throw .parameterMissing("status") }
            try sandbox.setSubscriptionStatus(id, to: status)
            return sandbox.subscription(id) ?? [:]
        }
        on(.post, "/checkout/sessions/:id/complete", group) { _, path throws(StripeAPIError) in
            try sandbox.completeCheckoutSession(path.get("id") ?? "")
        }
    }

    private func on(
        _ method: HTTPRequest.Method,
        _ path: RouterPath,
        _ group: RouterGroup<SandboxRequestContext>,
        _ action: @escaping Action
    ) {
        group.on(path, method: method) { request, context in
            let body = try await request.body.collect(upTo: Self.bodyLimit)
            let target = request.head.path ?? "/"
            var reader = ParameterReader(FormDecoder.parameters(ofTarget: target, body: String(buffer: body)))
            do {
                let object = try action(&reader, context.parameters)
                return Self.response(.ok, object)
            } catch let error as StripeAPIError {
                return Self.response(.init(code: error.status), error.body(requestLog: nil))
            }
        }
    }

    private static func response(_ status: HTTPResponse.Status, _ object: JSONObject) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: object.bytes))
        )
    }
}
