/// What a page of the portal shows that does one thing only, as its template reads it.
struct PortalFlowPage {
    struct Choice {
        var id: String
        var name: String
        var isPresent: Bool
    }

    var title: String
    var button: String
    var path: String
    var returnURL: String?
    /// The subscription that it is about.
    var row: PortalPage.Row?
    /// Prices to choose from.
    var choices: [Choice] = []
    /// The quantity to begin with, where it can be changed.
    var quantity: Int?
    /// What the subscription changes to.
    var change: String?
    var takesCard = false

    /// Nil where the session has no flow, or it is done.
    init?(_ session: PortalSession, _ model: StripeModel) {
        guard let flow = session.flow, !session.isFlowDone else { return nil }
        let base = "/p/session/\(session.token)"
        let subscription = flow.subscription.flatMap { model.subscriptions[$0] }
        row = subscription.map { PortalPage.Row($0, model) }
        returnURL = session.returnURL
        let item = subscription?.items.first
        switch flow.kind {
        case .paymentMethodUpdate:
            (title, button, path) = ("Add a payment method", "Add", "\(base)/payment_method")
            takesCard = true
        case .subscriptionCancel:
            (title, button, path) = ("Cancel your subscription", "Cancel at period end", "\(base)/cancel")
        case .subscriptionUpdate:
            (title, button, path) = ("Update your subscription", "Update", "\(base)/update")
            choices = model.prices.objects.map { price in
                Choice(id: price.id, name: Self.name(price, 1, model), isPresent: price.id == item?.price)
            }
            quantity = item?.quantity
        case .subscriptionUpdateConfirm:
            (title, button, path) = ("Confirm your update", "Confirm", "\(base)/confirm")
            let price = model.prices[flow.change?.price ?? item?.price ?? ""]
            let quantity = flow.change?.quantity ?? item?.quantity ?? 1
            change = price.map { Self.name($0, quantity, model) }
        }
    }

    private static func name(_ price: Price, _ quantity: Int, _ model: StripeModel) -> String {
        let product = model.products[price.product]?.name ?? price.product
        let amount = Money(amount: price.unitAmount * quantity, currency: price.currency)
        return "\(product), \(amount) / \(price.interval)"
    }
}
