/// An object as it was at one moment, to be shown under any API version.
struct Snapshot: Sendable {
    let id: String
    /// Whether the object was deleted at that moment; it still shows its last state.
    var isDeleted = false
    private let render: @Sendable (Rendering) -> JSONObject

    init(id: String, render: @escaping @Sendable (Rendering) -> JSONObject) {
        self.id = id
        self.render = render
    }

    /// An object that looks the same under all API versions.
    init(_ object: JSONObject) {
        self.init(id: object["id"]?.string ?? "") { _ in object }
    }

    func json(_ rendering: Rendering) -> JSONObject {
        render(rendering)
    }
}

extension StripeModel {
    /// The customer as it is now.
    func snapshot(_ customer: Customer) -> Snapshot {
        let running = (subscriptionPositions[customer.id] ?? []).lazy.map { subscriptions.objects[$0] }
            .filter { !$0.isEnded }
        let inlined = Array(running.reversed())
        var snapshot = Snapshot(id: customer.id) { [prices] rendering in
            customer.json(rendering) { inlined.map { $0.json(prices: prices, rendering) } }
        }
        snapshot.isDeleted = customer.isDeleted
        return snapshot
    }

    /// The subscription as it is now.
    func snapshot(_ subscription: Subscription) -> Snapshot {
        Snapshot(id: subscription.id) { [prices] in subscription.json(prices: prices, $0) }
    }
}
