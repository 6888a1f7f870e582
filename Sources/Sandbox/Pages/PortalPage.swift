/// What the portal's page shows, as its template reads it.
struct PortalPage {
    struct Row {
        var id: String
        var title: String
        var price: String
        var status: String
        var note: String
        var canCancel: Bool
        var canResume: Bool
        var canEnd: Bool
    }

    var email: String
    var rows: [Row]
    var isEmpty: Bool
    var path: String
    var returnURL: String?

    init(_ session: PortalSession, _ model: StripeModel) {
        email = model.customers[session.customer]?.email ?? ""
        let positions = model.subscriptionPositions[session.customer] ?? []
        rows = positions.reversed().map { Row(model.subscriptions.objects[$0], model) }
        isEmpty = rows.isEmpty
        path = "/p/session/\(session.token)"
        returnURL = session.returnURL
    }
}

extension PortalPage.Row {
    init(_ subscription: Subscription, _ model: StripeModel) {
        id = subscription.id
        let prices = subscription.items.compactMap { model.prices[$0.price] }
        title = prices.compactMap { model.products[$0.product]?.name }.joined(separator: " + ")
        price = zip(subscription.items, prices).map { item, price in
            "\(Money(amount: price.unitAmount * item.quantity, currency: price.currency)) / \(price.interval)"
        }.joined(separator: ", ")
        status = subscription.status.rawValue.replacing("_", with: " ")
        canEnd = !subscription.isEnded
        canResume = canEnd && subscription.cancelAt != nil
        canCancel = canEnd && subscription.cancelAt == nil
        note =
            if let end = subscription.endedAt {
                "Ended on \(CalendarDate(unixSeconds: end).readable)"
            } else if let end = subscription.cancelAt {
                "Cancels on \(CalendarDate(unixSeconds: end).readable)"
            } else {
                "Renews on \(CalendarDate(unixSeconds: subscription.periodEnd).readable)"
            }
    }
}
