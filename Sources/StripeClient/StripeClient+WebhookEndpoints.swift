public import Stripe

extension StripeClient {
    /// A new endpoint, with the secret that Stripe tells this once.
    public struct CreatedWebhookEndpoint: Sendable {
        /// The endpoint.
        public let endpoint: EndpointRegistration
        /// `whsec_…`, which deliveries are signed with.
        public let secret: Secret
    }

    /// The most endpoints that are read; Stripe allows sixteen of an account's own.
    /// https://docs.stripe.com/webhooks#register-webhook
    private static let endpointLimit = 100

    /// Lists the account's webhook endpoints: `GET /v1/webhook_endpoints`.
    ///
    /// - Parameters:
    ///   - lane: what the call is for.
    ///   - budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: the endpoints of the key's mode, newest first.
    /// - Throws: ``StripeCallError``.
    public func listWebhookEndpoints(
        lane: Lane,
        budget: Duration = .seconds(30)
    ) async throws(StripeCallError) -> [EndpointRegistration] {
        let form = FormEncoding(Self.paging(nil, Self.endpointLimit))
        let success = try await get("/v1/webhook_endpoints", form, lane: lane, timer: timer(budget))
        return try success.values(of: EndpointRegistration.objectName) { json throws(JSONError) in
            try EndpointRegistration(json)
        }
    }

    /// Creates an endpoint of a fixed API version: `POST /v1/webhook_endpoints`.
    ///
    /// - Parameters:
    ///   - url: the address, https in live mode.
    ///   - types: the event types to be sent.
    ///   - version: the API version that events are rendered in.
    ///   - budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: the endpoint and its secret.
    /// - Throws: ``StripeCallError``.
    public func createWebhookEndpoint(
        url: String,
        types: [String],
        version: String,
        budget: Duration = .seconds(30)
    ) async throws(StripeCallError) -> CreatedWebhookEndpoint {
        let form = FormEncoding([
            .init("url", .string(url)), .init("api_version", .string(version)),
            .init("enabled_events", .list(types.map { .string($0) })), .init("description", .string("portald")),
        ])
        let success = try await postEndpoint("/v1/webhook_endpoints", form, budget)
        guard let secret = try success.json()["secret"]?.string else { throw success.unreadable(.body) }
        return CreatedWebhookEndpoint(endpoint: try success.endpoint(), secret: Secret(secret))
    }

    /// Enables an endpoint and sets the types it is sent: `POST /v1/webhook_endpoints/:id`.
    ///
    /// Its API version cannot be changed. https://docs.stripe.com/api/webhook_endpoints/update
    ///
    /// - Parameters:
    ///   - id: the endpoint's id.
    ///   - types: the event types to be sent.
    ///   - budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: the endpoint as it is then.
    /// - Throws: ``StripeCallError``.
    public func updateWebhookEndpoint(
        _ id: String,
        types: [String],
        budget: Duration = .seconds(30)
    ) async throws(StripeCallError) -> EndpointRegistration {
        let form = FormEncoding([
            .init("disabled", .boolean(false)), .init("enabled_events", .list(types.map { .string($0) })),
        ])
        let path = "/v1/webhook_endpoints/\(FormEncoding.percentEncoded(id))"
        return try await postEndpoint(path, form, budget).endpoint()
    }

    private func postEndpoint(
        _ path: String,
        _ form: FormEncoding,
        _ budget: Duration
    ) async throws(StripeCallError) -> Success {
        try await post(path, form, lane: .refresh, timer: timer(budget), connectTimeout: .seconds(10))
    }
}

extension StripeClient.Success {
    fileprivate func endpoint() throws(StripeCallError) -> EndpointRegistration {
        do throws(JSONError) {
            return try EndpointRegistration(try JSON(parsing: reply.body))
        } catch {
            throw unreadable(.body)
        }
    }

    /// The elements of the list that the body is.
    func values<Value>(
        of kind: String,
        _ read: (JSON) throws(JSONError) -> Value
    ) throws(StripeCallError) -> [Value] {
        var values: [Value] = []
        for object in try list(of: kind).objects {
            do throws(JSONError) {
                values.append(try read(object))
            } catch {
                throw unreadable(.body)
            }
        }
        return values
    }
}
