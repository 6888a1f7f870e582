/// What a customer can do on the portal's pages.
enum PortalAction: String, CaseIterable {
    case cancel
    case resume
    case cancelNow = "cancel_now"
    case email
    case update
    case confirm
    case paymentMethod = "payment_method"

    /// The flow that leads to it.
    fileprivate var flow: PortalFlow.Kind? {
        switch self {
        case .cancel: .subscriptionCancel
        case .update: .subscriptionUpdate
        case .confirm: .subscriptionUpdateConfirm
        case .paymentMethod: .paymentMethodUpdate
        case .resume, .cancelNow, .email: nil
        }
    }
}

extension StripeModel {
    /// Performs an action of the portal's pages for the session's customer.
    ///
    /// - Returns: Where the customer is sent; nil is the portal's own page.
    mutating func perform(
        _ action: PortalAction,
        session: PortalSession,
        _ form: StripeParameters,
        now: Int
    ) throws(StripeAPIError) -> String? {
        // The portal is a client of Stripe's API, so its events have a request and an idempotency key.
        let call = CallContext(
            now: now,
            rendering: rendering,
            requestID: ids.short("req_"),
            idempotencyKey: ids.uuid()
        )
        var reader = ParameterReader(form)
        switch action {
        case .email:
            _ = try updateCustomer(session.customer, &reader, call)
        case .paymentMethod:
            // Cards are not modelled, so there is nothing to keep.
            _ = try reader.required("number")
            try reader.finish()
        case .cancel, .resume, .cancelNow, .update, .confirm:
            try change(action, session, &reader, call)
        }
        guard let flow = session.flow, flow.kind == action.flow, !session.isFlowDone else { return nil }
        portalSessions.modify(session.id) { $0.isFlowDone = true }
        return flow.redirect
    }

    private mutating func change(
        _ action: PortalAction,
        _ session: PortalSession,
        _ reader: inout ParameterReader,
        _ call: CallContext
    ) throws(StripeAPIError) {
        let id = try reader.required("subscription")
        guard let subscription = subscriptions[id], subscription.customer == session.customer,
            !subscription.isEnded
        else { throw .missing("subscription", id) }
        if action == .update {
            return try update(subscription, &reader, call)
        }
        try reader.finish()
        var changed = subscription
        switch action {
        case .cancel:
            changed.scheduleCancellation(atPeriodEnd: false, now: call.now)
            store(changed, replacing: subscription, call)
        case .resume:
            changed.withdrawCancellation()
            store(changed, replacing: subscription, call)
        case .cancelNow:
            end(subscription, reason: "cancellation_requested", call)
        case .confirm:
            // What is confirmed is what the session was made for, whatever the form says.
            guard let change = session.flow?.change, session.flow?.subscription == id else {
                throw .missing("subscription", id)
            }
            try apply(change, to: subscription, call)
        case .email, .update, .paymentMethod:
            break
        }
    }

    /// Another price or quantity for a subscription of one item.
    private mutating func update(
        _ subscription: Subscription,
        _ reader: inout ParameterReader,
        _ call: CallContext
    ) throws(StripeAPIError) {
        guard let item = subscription.items.first, subscription.items.count == 1 else {
            throw .missing("subscription", subscription.id)
        }
        let price = try reader.required("price")
        let quantity = try reader.integer("quantity")
        try reader.finish()
        try apply(PortalFlow.ItemChange(id: item.id, price: price, quantity: quantity), to: subscription, call)
    }

    private mutating func apply(
        _ change: PortalFlow.ItemChange,
        to subscription: Subscription,
        _ call: CallContext
    ) throws(StripeAPIError) {
        var item: StripeParameters = ["id": .text(change.id)]
        item["price"] = change.price.map(FormValue.text)
        item["quantity"] = change.quantity.map { .text(String($0)) }
        var parameters = ParameterReader(["items": .nested(["0": .nested(item)])])
        _ = try updateSubscription(subscription.id, &parameters, call)
    }
}
