extension StripeModel {
    /// How long before its end Stripe announces the end of a trial.
    static let trialNotice = 3 * 86_400

    /// Does what Stripe does on its own as time passes: ends what is due, ends trials, renews periods.
    ///
    /// Its events have no request id. The invoices of renewals are not modelled.
    mutating func settle(now: Int) {
        let call = CallContext(now: now, rendering: rendering)
        for subscription in subscriptions.objects where !subscription.isEnded {
            settle(subscription, call)
        }
    }

    private mutating func settle(_ subscription: Subscription, _ call: CallContext) {
        if let end = subscription.cancelAt, end <= call.now {
            self.end(subscription, reason: nil, call)
            return
        }
        var current = subscription
        if current.status == .trialing, let trialEnd = current.trialEnd {
            if !current.announcedTrialEnd, trialEnd - Self.trialNotice <= call.now {
                current.announcedTrialEnd = true
                subscriptions.update(current)
                emit("customer.subscription.trial_will_end", snapshot(current), call)
            }
            guard trialEnd <= call.now else { return }
            let trialing = current
            current.endTrial(now: trialEnd, prices: prices)
            current.latestInvoice = ids.long("in_")
            store(current, replacing: trialing, call)
        }
        renew(&current, call)
    }

    private mutating func renew(_ subscription: inout Subscription, _ call: CallContext) {
        while subscription.periodEnd <= call.now, subscription.status == .active || subscription.status == .pastDue {
            let old = subscription
            for index in subscription.items.indices where subscription.items[index].periodEnd <= call.now {
                let start = subscription.items[index].periodEnd
                guard let price = prices[subscription.items[index].price] else { continue }
                subscription.items[index].periodStart = start
                subscription.items[index].periodEnd = price.periodEnd(from: start)
            }
            subscription.latestInvoice = ids.long("in_")
            store(subscription, replacing: old, call)
        }
    }

    /// Sets a status that Stripe reaches on its own, such as `past_due` by a failed payment.
    mutating func setStatus(_ id: String, to status: SubscriptionStatus, now: Int) throws(StripeAPIError) {
        guard let subscription = subscriptions[id], !subscription.isEnded else { throw .missing("subscription", id) }
        let call = CallContext(now: now, rendering: rendering)
        if status == .canceled {
            end(subscription, reason: "payment_failed", call)
            return
        }
        var changed = subscription
        changed.status = status
        if status.isEnded { changed.endedAt = now }
        store(changed, replacing: subscription, call)
    }
}
