extension Subscription {
    /// Schedules the end of the subscription.
    ///
    /// The API's `cancel_at_period_end` sets the flag beside `cancel_at`; the portal in flexible billing mode sets
    /// `cancel_at` alone.
    mutating func scheduleCancellation(atPeriodEnd flag: Bool, now: Int) {
        cancelAtPeriodEnd = flag
        cancelAt = periodEnd
        canceledAt = now
        cancellationDetails.reason = "cancellation_requested"
    }

    mutating func withdrawCancellation() {
        cancelAtPeriodEnd = false
        cancelAt = nil
        canceledAt = nil
        cancellationDetails = CancellationDetails()
    }

    /// Ends the trial: the first paid period begins now.
    mutating func endTrial(now: Int, prices: ObjectTable<Price>) {
        status = .active
        trialEnd = now
        billingCycleAnchor = now
        for index in items.indices {
            items[index].periodStart = now
            items[index].periodEnd = prices[items[index].price]?.periodEnd(from: now) ?? now
        }
        if cancelAtPeriodEnd { cancelAt = periodEnd }
    }
}

extension StripeModel {
    mutating func updateSubscription(
        _ id: String,
        _ reader: inout ParameterReader,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        guard let subscription = subscriptions[id] else { throw .missing("subscription", id) }
        var changed = subscription
        if let metadata = try reader.metadata() { changed.metadata = metadata.applied(to: changed.metadata) }
        try readCancellationDetails(&reader, into: &changed)
        if subscription.isEnded {
            guard reader.isEmpty else {
                throw StripeAPIError(
                    message: "A canceled subscription can only update its cancellation_details and metadata."
                )
            }
        } else {
            changed.description = try reader.textChange("description").applied(to: changed.description)
            try readItems(&reader, into: &changed, call)
            try readPause(&reader, into: &changed)
            try readTrialEnd(&reader, into: &changed, call)
            try readSchedule(&reader, into: &changed, call)
        }
        try reader.finish()
        return store(changed, replacing: subscription, call)
    }

    /// Keeps a changed subscription and emits `customer.subscription.updated` if it looks different.
    @discardableResult
    mutating func store(_ changed: Subscription, replacing old: Subscription, _ call: CallContext) -> JSONObject {
        subscriptions.update(changed)
        emitUpdate("customer.subscription.updated", from: snapshot(old), to: snapshot(changed), call)
        return json(changed, call.rendering)
    }

    /// Cancels at once: <https://docs.stripe.com/api/subscriptions/cancel>.
    ///
    /// A second time it is not found.
    mutating func cancelSubscription(
        _ id: String,
        _ reader: inout ParameterReader,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        guard var subscription = subscriptions[id], !subscription.isEnded else { throw .missing("subscription", id) }
        try readCancellationDetails(&reader, into: &subscription)
        // Invoices are not modelled, so these have nothing to act on.
        _ = try reader.boolean("invoice_now")
        _ = try reader.boolean("prorate")
        try reader.finish()
        let ended = end(subscription, reason: "cancellation_requested", call)
        return json(ended, call.rendering)
    }

    /// Ends a subscription and emits `customer.subscription.deleted`.
    @discardableResult
    mutating func end(_ subscription: Subscription, reason: String?, _ call: CallContext) -> Subscription {
        var ended = subscription
        ended.status = .canceled
        ended.endedAt = call.now
        ended.canceledAt = ended.canceledAt ?? call.now
        ended.cancellationDetails.reason = ended.cancellationDetails.reason ?? reason
        let previous = subscriptions[ended.id].map(snapshot)
        subscriptions.update(ended)
        emit("customer.subscription.deleted", snapshot(ended), previous: previous, call)
        return ended
    }

    private func readCancellationDetails(
        _ reader: inout ParameterReader,
        into subscription: inout Subscription
    ) throws(StripeAPIError) {
        guard var details = try reader.hash("cancellation_details") else { return }
        let comment = try details.textChange("comment")
        let feedback = try details.textChange("feedback")
        try details.finish()
        subscription.cancellationDetails.comment = comment.applied(to: subscription.cancellationDetails.comment)
        subscription.cancellationDetails.feedback = feedback.applied(to: subscription.cancellationDetails.feedback)
    }

    private mutating func readItems(
        _ reader: inout ParameterReader,
        into subscription: inout Subscription,
        _ call: CallContext
    ) throws(StripeAPIError) {
        _ = try reader.text("proration_behavior")
        guard let items = try reader.hashes("items") else { return }
        for var item in items {
            let id = try item.text("id")
            let isDeleted = try item.boolean("deleted") ?? false
            let price = try priceChoice(&item, required: id == nil)
            let quantity = try Self.quantity(&item)
            let metadata = try item.metadata()
            let idName = item.fullName("id")
            try item.finish()
            if let id {
                guard let index = subscription.items.firstIndex(where: { $0.id == id }) else {
                    throw .missing("subscription_item", id, param: idName)
                }
                if isDeleted {
                    subscription.items.remove(at: index)
                } else {
                    if let price, subscription.status != .trialing, changesInterval(subscription.items[index], price) {
                        subscription.items[index].periodStart = call.now
                        subscription.items[index].periodEnd = price.periodEnd(from: call.now)
                    }
                    subscription.items[index].price = price?.id ?? subscription.items[index].price
                    subscription.items[index].quantity = quantity ?? subscription.items[index].quantity
                    if let metadata {
                        let present = subscription.items[index].metadata
                        subscription.items[index].metadata = metadata.applied(to: present)
                    }
                }
            } else if let price {
                subscription.items.append(
                    SubscriptionItem(
                        id: ids.short("si_"),
                        created: call.now,
                        price: price.id,
                        quantity: quantity ?? 1,
                        periodStart: call.now,
                        periodEnd: subscription.periodEnd,
                        metadata: metadata?.applied(to: [:]) ?? [:]
                    )
                )
            }
        }
        guard !subscription.items.isEmpty else {
            throw .invalid("items", "A subscription must have at least one item.")
        }
        guard subscription.items.count <= Self.itemLimit else {
            throw .invalid("items", "A subscription can have up to \(Self.itemLimit) items.")
        }
        if subscription.cancelAtPeriodEnd { subscription.cancelAt = subscription.periodEnd }
    }

    /// A swap to another interval begins a new period; within one interval the period goes on.
    private func changesInterval(_ item: SubscriptionItem, _ price: Price) -> Bool {
        guard let old = prices[item.price] else { return true }
        return old.interval != price.interval || old.intervalCount != price.intervalCount
    }

    private func readPause(
        _ reader: inout ParameterReader,
        into subscription: inout Subscription
    ) throws(StripeAPIError) {
        guard var pause = try reader.hash("pause_collection") else { return }
        guard !pause.isEmpty else {
            subscription.pauseCollection = nil
            return
        }
        let behaviors = ["keep_as_draft", "mark_uncollectible", "void"]
        guard let behavior = try pause.choice("behavior", of: behaviors) else {
            throw .parameterMissing("pause_collection[behavior]")
        }
        subscription.pauseCollection = .init(behavior: behavior, resumesAt: try pause.integer("resumes_at"))
        try pause.finish()
    }

    private func readTrialEnd(
        _ reader: inout ParameterReader,
        into subscription: inout Subscription,
        _ call: CallContext
    ) throws(StripeAPIError) {
        if reader.text("trial_end", is: "now") {
            _ = try reader.text("trial_end")
            if subscription.status == .trialing { subscription.endTrial(now: call.now, prices: prices) }
        } else if let end = try reader.integer("trial_end") {
            guard end > call.now else { throw .invalid("trial_end", "Invalid timestamp: must be in the future.") }
            subscription.trialStart = subscription.trialStart ?? call.now
            subscription.trialEnd = end
            subscription.status = .trialing
            subscription.billingCycleAnchor = end
            for index in subscription.items.indices { subscription.items[index].periodEnd = end }
        }
    }

    private func readSchedule(
        _ reader: inout ParameterReader,
        into subscription: inout Subscription,
        _ call: CallContext
    ) throws(StripeAPIError) {
        let flag = try reader.boolean("cancel_at_period_end")
        if reader.text("cancel_at", is: "") {
            _ = try reader.text("cancel_at")
            subscription.withdrawCancellation()
        } else if let time = try reader.integer("cancel_at") {
            guard time > call.now else { throw .invalid("cancel_at", "Invalid timestamp: must be in the future.") }
            subscription.scheduleCancellation(atPeriodEnd: false, now: call.now)
            subscription.cancelAt = time
        }
        switch flag {
        case true where !subscription.cancelAtPeriodEnd:
            subscription.scheduleCancellation(atPeriodEnd: true, now: call.now)
        case false where subscription.cancelAt != nil:
            subscription.withdrawCancellation()
        default:
            break
        }
    }
}
