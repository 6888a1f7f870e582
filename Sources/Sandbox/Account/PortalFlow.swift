/// `flow_data` of a portal session, a deep link into one page: <https://docs.stripe.com/customer-management/portal-deep-links>.
struct PortalFlow: Sendable {
    /// The page.
    enum Kind: String, Sendable, CaseIterable {
        case paymentMethodUpdate = "payment_method_update"
        case subscriptionCancel = "subscription_cancel"
        case subscriptionUpdate = "subscription_update"
        case subscriptionUpdateConfirm = "subscription_update_confirm"

        static let ofSubscriptions = allCases.filter { $0 != .paymentMethodUpdate }
    }

    /// What is to become of the subscription's one item.
    struct ItemChange: Sendable {
        var id: String
        var price: String?
        var quantity: Int?
    }

    var kind: Kind
    var subscription: String?
    var change: ItemChange?
    /// Where the customer is sent once they are done; nil is the portal's own start page.
    var redirect: String?
    /// As the session shows it.
    var json: JSONObject
}

extension StripeModel {
    /// Reads `flow_data`.
    func portalFlow(_ reader: inout ParameterReader, customer: String) throws(StripeAPIError) -> PortalFlow? {
        guard var data = try reader.hash("flow_data") else { return nil }
        let type = try data.choice("type", of: PortalFlow.Kind.allCases.map(\.rawValue))
        guard let kind = type.flatMap(PortalFlow.Kind.init) else { throw .parameterMissing("flow_data[type]") }
        let after = try afterCompletion(&data)
        var flow = PortalFlow(kind: kind, json: ["after_completion": .object(after.json)])
        flow.redirect = after.redirect
        for other in PortalFlow.Kind.ofSubscriptions {
            flow.json[other.rawValue] = .null
            guard var options = try data.hash(other.rawValue) else { continue }
            let subscription = try portalSubscription(&options, customer: customer)
            var detail: JSONObject = ["subscription": .string(subscription.id)]
            if other == .subscriptionCancel { detail["retention"] = .null }
            if other == .subscriptionUpdateConfirm {
                flow.change = try confirmation(&options, of: subscription, into: &detail)
            }
            try options.finish()
            flow.json[other.rawValue] = .object(detail)
            if other == kind { flow.subscription = subscription.id }
        }
        try data.finish()
        guard kind == .paymentMethodUpdate || flow.subscription != nil else {
            throw .parameterMissing("flow_data[\(kind.rawValue)]")
        }
        flow.json["type"] = .string(kind.rawValue)
        return flow
    }

    private func portalSubscription(
        _ options: inout ParameterReader,
        customer: String
    ) throws(StripeAPIError) -> Subscription {
        let name = options.fullName("subscription")
        let id = try options.required("subscription")
        guard let subscription = subscriptions[id], subscription.customer == customer else {
            throw .missing("subscription", id, param: name)
        }
        guard !subscription.isEnded else {
            throw .invalid(name, "The subscription \(id) is canceled and cannot be changed in the portal.")
        }
        return subscription
    }

    private func confirmation(
        _ options: inout ParameterReader,
        of subscription: Subscription,
        into detail: inout JSONObject
    ) throws(StripeAPIError) -> PortalFlow.ItemChange {
        let name = options.fullName("items")
        guard let items = try options.hashes("items"), var item = items.first else { throw .parameterMissing(name) }
        guard items.count == 1, subscription.items.count == 1 else {
            throw .invalid(name, "The flow subscription_update_confirm takes a subscription with one item only.")
        }
        let idName = item.fullName("id")
        let id = try item.required("id")
        guard subscription.items.contains(where: { $0.id == id }) else {
            throw .missing("subscription_item", id, param: idName)
        }
        let price = try priceChoice(&item, required: false)
        let quantity = try Self.quantity(&item)
        try item.finish()
        detail["discounts"] = .null
        detail["items"] = [["id": .string(id), "price": JSONValue(price?.id), "quantity": JSONValue(quantity)]]
        return PortalFlow.ItemChange(id: id, price: price?.id, quantity: quantity)
    }

    private func afterCompletion(
        _ data: inout ParameterReader
    ) throws(StripeAPIError) -> (json: JSONObject, redirect: String?) {
        var after: JSONObject = ["hosted_confirmation": nil, "redirect": nil, "type": "portal_homepage"]
        guard var options = try data.hash("after_completion") else { return (after, nil) }
        let types = ["hosted_confirmation", "portal_homepage", "redirect"]
        guard let type = try options.choice("type", of: types) else {
            throw .parameterMissing(options.fullName("type"))
        }
        after["type"] = .string(type)
        var target: String?
        if var redirect = try options.hash("redirect") {
            let name = redirect.fullName("return_url")
            guard let url = try redirect.url("return_url") else { throw .parameterMissing(name) }
            after["redirect"] = ["return_url": .string(url)]
            target = url
            try redirect.finish()
        }
        if var confirmation = try options.hash("hosted_confirmation") {
            after["hosted_confirmation"] = ["custom_message": JSONValue(try confirmation.text("custom_message"))]
            try confirmation.finish()
        }
        guard type != "redirect" || target != nil else { throw .parameterMissing(options.fullName("redirect")) }
        try options.finish()
        return (after, type == "redirect" ? target : nil)
    }
}
