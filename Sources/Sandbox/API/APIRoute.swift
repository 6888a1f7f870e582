/// One operation of Stripe's API that the sandbox serves.
struct APIRoute: Sendable {
    typealias Operation =
        @Sendable (inout StripeModel, inout ParameterReader, String, CallContext) throws(StripeAPIError) -> JSONObject

    /// An operation on what is of the sandbox rather than of the account's objects, such as its endpoints.
    typealias StateOperation =
        @Sendable (inout SandboxState, inout ParameterReader, String, CallContext) throws(StripeAPIError) -> JSONObject

    let method: String
    /// `:id` stands for the object's id.
    let pattern: String
    let operation: StateOperation

    private init(_ method: String, _ pattern: String, _ operation: @escaping Operation) {
        self.init(
            method,
            pattern,
            state: { state, reader, id, call throws(StripeAPIError) in
                try operation(&state.model, &reader, id, call)
            }
        )
    }

    private init(_ method: String, _ pattern: String, state operation: @escaping StateOperation) {
        self.method = method
        self.pattern = pattern
        self.operation = operation
    }

    /// Nothing but the object's own id says what to do.
    ///
    /// A subscription's cancellation takes details.
    private var takesNoParameters: Bool {
        pattern.hasSuffix(":id") && (method == "GET" || name == "DELETE /v1/customers/:id")
    }

    var name: String {
        "\(method) \(pattern)"
    }

    /// What the id in the path names, for example `customer` of `/v1/customers/:id`.
    var objectName: String {
        let words = pattern.split(separator: "/").dropFirst().prefix { $0 != ":id" }
        return String(words.joined(separator: ".").dropLast())
    }

    /// Runs the operation; parameters that it did not read are refused.
    func perform(
        _ state: inout SandboxState,
        _ parameters: StripeParameters,
        id: String,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        var reader = ParameterReader(parameters)
        if takesNoParameters { try reader.finish() }
        return try operation(&state, &reader, id, call)
    }

    /// The route of a call and the id in its path.
    static func match(method: String, path: String) -> (route: APIRoute, id: String)? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: true)
        for route in all where route.method == method {
            let pattern = route.pattern.split(separator: "/")
            guard pattern.count == segments.count else { continue }
            let isMatch = zip(pattern, segments).allSatisfy { $0 == ":id" || $0 == $1 }
            guard isMatch else { continue }
            let id = zip(pattern, segments).first { $0.0 == ":id" }.map { String($0.1) }
            return (route, id ?? "")
        }
        return nil
    }

    static let all: [APIRoute] = customers + subscriptions + catalogue + sessions + settings

    private static let customers = [
        APIRoute("POST", "/v1/customers") { model, reader, _, call throws(StripeAPIError) in
            try model.createCustomer(&reader, call)
        },
        APIRoute("GET", "/v1/customers") { model, reader, _, call throws(StripeAPIError) in
            try model.listCustomers(&reader, call)
        },
        APIRoute("GET", "/v1/customers/:id") { model, _, id, call throws(StripeAPIError) in
            try model.retrieveCustomer(id, call)
        },
        APIRoute("POST", "/v1/customers/:id") { model, reader, id, call throws(StripeAPIError) in
            try model.updateCustomer(id, &reader, call)
        },
        APIRoute("DELETE", "/v1/customers/:id") { model, _, id, call throws(StripeAPIError) in
            try model.deleteCustomer(id, call)
        },
    ]

    private static let subscriptions = [
        APIRoute("POST", "/v1/subscriptions") { model, reader, _, call throws(StripeAPIError) in
            try model.createSubscription(&reader, call)
        },
        APIRoute("GET", "/v1/subscriptions") { model, reader, _, call throws(StripeAPIError) in
            try model.listSubscriptions(&reader, call)
        },
        APIRoute("GET", "/v1/subscriptions/:id") { model, _, id, call throws(StripeAPIError) in
            try model.retrieveSubscription(id, call)
        },
        APIRoute("POST", "/v1/subscriptions/:id") { model, reader, id, call throws(StripeAPIError) in
            try model.updateSubscription(id, &reader, call)
        },
        APIRoute("DELETE", "/v1/subscriptions/:id") { model, reader, id, call throws(StripeAPIError) in
            try model.cancelSubscription(id, &reader, call)
        },
        APIRoute("GET", "/v1/subscription_items") { model, reader, _, call throws(StripeAPIError) in
            try model.listSubscriptionItems(&reader, call)
        },
    ]

    private static let catalogue = [
        APIRoute("POST", "/v1/products") { model, reader, _, call throws(StripeAPIError) in
            try model.createProduct(&reader, call)
        },
        APIRoute("GET", "/v1/products") { model, reader, _, _ throws(StripeAPIError) in
            try model.listProducts(&reader)
        },
        APIRoute("GET", "/v1/products/:id") { model, _, id, _ throws(StripeAPIError) in
            try model.retrieveProduct(id)
        },
        APIRoute("POST", "/v1/prices") { model, reader, _, call throws(StripeAPIError) in
            try model.createPrice(&reader, call)
        },
        APIRoute("GET", "/v1/prices") { model, reader, _, call throws(StripeAPIError) in
            try model.listPrices(&reader, call)
        },
        APIRoute("GET", "/v1/prices/:id") { model, _, id, call throws(StripeAPIError) in
            try model.retrievePrice(id, call)
        },
    ]

    private static let sessions = [
        APIRoute("GET", "/v1/events") { model, reader, _, call throws(StripeAPIError) in
            try model.listEvents(&reader, call)
        },
        APIRoute("GET", "/v1/events/:id") { model, _, id, call throws(StripeAPIError) in
            try model.retrieveEvent(id, call)
        },
        APIRoute("GET", "/v2/core/events/:id") { model, _, id, call throws(StripeAPIError) in
            try model.retrieveThinEvent(id, call)
        },
        APIRoute("POST", "/v1/billing_portal/sessions") { model, reader, _, call throws(StripeAPIError) in
            try model.createPortalSession(&reader, call)
        },
        APIRoute("POST", "/v1/checkout/sessions") { model, reader, _, call throws(StripeAPIError) in
            try model.createCheckoutSession(&reader, call)
        },
        APIRoute("GET", "/v1/checkout/sessions/:id") { model, _, id, _ throws(StripeAPIError) in
            try model.retrieveCheckoutSession(id)
        },
    ]

    private static let settings = [
        APIRoute("GET", "/v1/billing_portal/configurations") { model, reader, _, _ throws(StripeAPIError) in
            try model.listPortalConfigurations(&reader)
        },
        APIRoute("GET", "/v1/billing_portal/configurations/:id") { model, _, id, _ throws(StripeAPIError) in
            try model.retrievePortalConfiguration(id)
        },
        APIRoute("POST", "/v1/billing_portal/configurations/:id") { model, reader, id, _ throws(StripeAPIError) in
            try model.updatePortalConfiguration(id, &reader)
        },
        APIRoute(
            "GET",
            "/v1/webhook_endpoints",
            state: { state, reader, _, _ throws(StripeAPIError) in try state.listWebhookEndpoints(&reader) }
        ),
        APIRoute(
            "POST",
            "/v1/webhook_endpoints",
            state: { state, reader, _, call throws(StripeAPIError) in try state.createWebhookEndpoint(&reader, call) }
        ),
        APIRoute(
            "GET",
            "/v1/webhook_endpoints/:id",
            state: { state, _, id, _ throws(StripeAPIError) in try state.retrieveWebhookEndpoint(id) }
        ),
        APIRoute(
            "POST",
            "/v1/webhook_endpoints/:id",
            state: { state, reader, id, _ throws(StripeAPIError) in try state.updateWebhookEndpoint(id, &reader) }
        ),
        APIRoute(
            "DELETE",
            "/v1/webhook_endpoints/:id",
            state: { state, _, id, _ throws(StripeAPIError) in try state.deleteWebhookEndpoint(id) }
        ),
    ]
}
