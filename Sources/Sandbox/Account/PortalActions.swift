/// What a customer can do on the portal's page.
enum PortalAction: String, CaseIterable {
    case cancel
    case resume
    case cancelNow = "cancel_now"
    case email
}

extension StripeModel {
    /// Performs an action of the portal's page for the session's customer.
    mutating func perform(
        _ action: PortalAction,
        session: PortalSession,
        _ form: StripeParameters,
        now: Int
    ) throws(StripeAPIError) {
        // The portal is a client of Stripe's API, so its events have a request and an idempotency key.
        let call = CallContext(
            now: now,
            rendering: rendering,
            requestID: ids.short("req_"),
            idempotencyKey: ids.uuid()
        )
        var reader = ParameterReader(form)
        if action == .email {
            _ = try updateCustomer(session.customer, &reader, call)
            return
        }
        let id = try reader.required("subscription")
        try reader.finish()
        guard let subscription = subscriptions[id], subscription.customer == session.customer,
            !subscription.isEnded
        else { throw .missing("subscription", id) }
        var changed = subscription
        switch action {
        case .cancel:
            changed.scheduleCancellation(atPeriodEnd: false, now: now)
            store(changed, replacing: subscription, call)
        case .resume:
            changed.withdrawCancellation()
            store(changed, replacing: subscription, call)
        case .cancelNow:
            end(subscription, reason: "cancellation_requested", call)
        case .email:
            break
        }
    }
}
