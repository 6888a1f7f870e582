import Sandbox

/// The customers that the demo begins with.
enum DemoAccount {
    /// Makes them in the sandbox, which delivers their events to the daemon.
    static func create(in sandbox: Sandbox) throws {
        let alice = try sandbox.createCustomer([
            "name": "Alice Example", "email": "alice@example.com", "metadata": ["user_id": "alice"],
        ])
        try subscribe(alice, to: SandboxPrices.team, in: sandbox)
        let bob = try sandbox.createCustomer([
            "name": "Bob Example", "email": "bob@example.com", "metadata": ["user_id": "bob"],
        ])
        let subscription = try subscribe(bob, to: SandboxPrices.basic, in: sandbox)
        try sandbox.cancelSubscription(subscription)
    }

    @discardableResult
    private static func subscribe(_ customer: JSONObject, to price: String, in sandbox: Sandbox) throws -> String {
        let subscription = try sandbox.createSubscription([
            "customer": .text(id(customer)), "items": [["price": .text(price)]],
        ])
        return id(subscription)
    }

    private static func id(_ object: JSONObject) -> String {
        object["id"]?.string ?? ""
    }
}
