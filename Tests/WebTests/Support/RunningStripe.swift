import Foundation
import Logging
import Sandbox

/// The sandbox's Stripe, and the listener that it delivers to.
struct RunningStripe: Sendable {
    let sandbox: Sandbox
    let api: RunningAPI

    /// Runs both while the body runs.
    static func run<Value: Sendable>(
        _ configure: (inout APIConfiguration) -> Void = { _ in },
        _ body: @Sendable (RunningStripe) async throws -> Value
    ) async throws -> Value {
        var logger = Logger(label: "sandbox")
        logger.logLevel = .critical
        let sandbox = try Sandbox(SandboxConfiguration { Int(Date.now.timeIntervalSince1970) }, logger: logger)
        return try await withThrowingTaskGroup { group in
            group.addTask { try await sandbox.run() }
            let base = try await sandbox.baseURL()
            let value = try await RunningAPI.run { configuration in
                configuration.stripeBase = base
                configure(&configuration)
            } _: { api in
                try sandbox.addEndpoint(
                    WebhookEndpoint(
                        url: "http://\(api.address)/webhooks/stripe",
                        secrets: [RunningAPI.webhookSecret]
                    )
                )
                return try await body(RunningStripe(sandbox: sandbox, api: api))
            }
            group.cancelAll()
            return value
        }
    }

    /// A customer of a user, mirrored.
    func customer(of user: String) async throws -> String {
        let customer = try sandbox.createCustomer([
            "name": "Name of \(user)", "email": .text("\(user)@example.com"), "metadata": ["user_id": .text(user)],
        ])
        await sandbox.deliveriesSettled()
        return customer["id"]?.string ?? ""
    }

    /// A subscription of a customer, mirrored.
    @discardableResult
    func subscription(of customer: String, metadata user: String? = nil) async throws -> String {
        var parameters: StripeParameters = [
            "customer": .text(customer), "items": [["price": .text(SandboxPrices.team)]],
        ]
        if let user {
            parameters = [
                "customer": .text(customer), "items": [["price": .text(SandboxPrices.team)]],
                "metadata": ["user_id": .text(user)],
            ]
        }
        let subscription = try sandbox.createSubscription(parameters)
        await sandbox.deliveriesSettled()
        return subscription["id"]?.string ?? ""
    }

    /// How often a portal session was asked for.
    var portalCalls: Int { sandbox.apiCalls["POST /v1/billing_portal/sessions"] ?? 0 }

    /// Asks for the portal as a user's browser does.
    func openPortal(as user: String) async throws -> Reply {
        try await api.send(
            "POST",
            "/api/subscriptions/user/billing-portal/",
            headers: [try await RunningAPI.authorization(of: user)]
        )
    }

    /// Asks for a page of the portal.
    func openPortal(as user: String, asking body: String, type: String? = "application/json") async throws -> Reply {
        var headers = [try await RunningAPI.authorization(of: user)]
        if let type { headers.append(("Content-Type", type)) }
        return try await api.send("POST", "/api/subscriptions/user/billing-portal/", headers: headers, body: body)
    }

    /// The portal session that was made last, as its event shows it.
    var lastSession: JSONObject? {
        let event = sandbox.events().last { $0["type"]?.string == "billing_portal.session.created" }
        return event?["data"]?.object?["object"]?.object
    }

    func subscriptions(as user: String) async throws -> Reply {
        try await api.send("GET", "/api/subscriptions/user/", headers: [try await RunningAPI.authorization(of: user)])
    }
}
