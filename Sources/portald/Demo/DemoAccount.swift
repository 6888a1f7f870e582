import FoundationEssentials
import Sandbox
import Stripe

/// The customers that the demo begins with: one for each state that a page of an application has to show.
struct DemoAccount {
    let sandbox: Sandbox

    /// Makes them, and the sandbox delivers their events to the daemon.
    func create() throws {
        try subscribe("alice", to: SandboxPrices.team)

        let bob = try subscribe("bob", to: SandboxPrices.basic)
        try sandbox.cancelSubscription(bob)

        let dave = try subscribe("dave", to: SandboxPrices.team)
        // As after a renewal whose payment failed.
        try sandbox.setSubscriptionStatus(dave, to: .pastDue)

        let erin = try subscribe("erin", to: SandboxPrices.basic)
        try sandbox.updateSubscription(erin, ["cancel_at_period_end": "true"])

        try subscribe("frank", to: SandboxPrices.team, ["trial_period_days": "14"])

        // Claimed by another user too, so it opens for neither.
        try subscribe("grace", to: SandboxPrices.basic, ["metadata": ["user_id": "heidi"]])
    }

    /// Sells a subscription, as the application's server would.
    ///
    /// - Returns: The URL of Checkout's page.
    func checkout(for user: String, returningTo page: String) throws -> String {
        let session = try sandbox.createCheckoutSession([
            "mode": "subscription", "line_items": [["price": .text(SandboxPrices.team), "quantity": "1"]],
            "client_reference_id": .text(user), "customer_email": .text(Self.email(of: user)),
            "success_url": .text("\(page)?session_id={CHECKOUT_SESSION_ID}"), "cancel_url": .text(page),
        ])
        return session["url"]?.string ?? ""
    }

    @discardableResult
    private func subscribe(_ user: String, to price: String, _ further: StripeParameters = [:]) throws -> String {
        let customer = try sandbox.createCustomer([
            "name": .text("\(user.capitalized) Example"), "email": .text(Self.email(of: user)),
            "metadata": ["user_id": .text(user)],
        ])
        var parameters = further
        parameters["customer"] = .text(customer["id"]?.string ?? "")
        parameters["items"] = [["price": .text(price)]]
        return try sandbox.createSubscription(parameters)["id"]?.string ?? ""
    }

    private static func email(of user: String) -> String { "\(user)@example.com" }
}
