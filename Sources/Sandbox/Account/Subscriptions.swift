extension StripeModel {
    /// Stripe's limit: <https://docs.stripe.com/billing/subscriptions/multiple-products>.
    static let itemLimit = 20

    func json(_ subscription: Subscription, _ rendering: Rendering) -> JSONObject {
        subscription.json(prices: prices, rendering)
    }

    /// Creates a subscription whose first invoice is paid at once, or a trial.
    mutating func createSubscription(
        _ reader: inout ParameterReader,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        let customer = try reader.required("customer")
        guard let items = try reader.hashes("items"), !items.isEmpty else { throw .parameterMissing("items") }
        guard items.count <= Self.itemLimit else {
            throw .invalid("items", "A subscription can have up to \(Self.itemLimit) items.")
        }
        var selections: [(price: Price, quantity: Int, metadata: JSONObject)] = []
        for var item in items {
            let price = try priceChoice(&item, required: true)
            let quantity = try Self.quantity(&item) ?? 1
            let metadata = try item.metadata()?.applied(to: [:]) ?? [:]
            try item.finish()
            if let price { selections.append((price, quantity, metadata)) }
        }
        let trialEnd = try Self.trialEnd(&reader, now: call.now)
        let cancelAtPeriodEnd = try reader.boolean("cancel_at_period_end") ?? false
        let description = try reader.textChange("description").applied(to: nil)
        let metadata = try reader.metadata()?.applied(to: [:]) ?? [:]
        try reader.finish()
        guard let owner = customers[customer], !owner.isDeleted else {
            throw .missing("customer", customer, param: "customer")
        }
        guard let currency = selections.first?.price.currency, selections.allSatisfy({ $0.price.currency == currency })
        else { throw .invalid("items", "All prices of a subscription must share one currency.") }

        var subscription = Subscription(
            id: ids.long("sub_"),
            created: call.now,
            customer: customer,
            currency: currency,
            items: [],
            latestInvoice: ids.long("in_"),
            billingCycleAnchor: trialEnd ?? call.now,
            description: description,
            metadata: metadata,
            testClock: owner.testClock
        )
        for selection in selections {
            subscription.items.append(
                SubscriptionItem(
                    id: ids.short("si_"),
                    created: call.now,
                    price: selection.price.id,
                    quantity: selection.quantity,
                    periodStart: call.now,
                    periodEnd: trialEnd ?? selection.price.periodEnd(from: call.now),
                    metadata: selection.metadata
                )
            )
        }
        if let trialEnd {
            subscription.status = .trialing
            subscription.trialStart = call.now
            subscription.trialEnd = trialEnd
        }
        if cancelAtPeriodEnd { subscription.scheduleCancellation(atPeriodEnd: true, now: call.now) }
        add(subscription, owner: owner, call)
        return json(subscription, call.rendering)
    }

    private mutating func add(_ subscription: Subscription, owner: Customer, _ call: CallContext) {
        subscriptionPositions[subscription.customer, default: []].append(subscriptions.objects.count)
        subscriptions.append(subscription)
        if owner.currency == nil {
            var changed = owner
            changed.currency = subscription.currency
            store(changed, replacing: owner, call)
        }
        emit("customer.subscription.created", snapshot(subscription), call)
    }

    func retrieveSubscription(_ id: String, _ call: CallContext) throws(StripeAPIError) -> JSONObject {
        guard let subscription = subscriptions[id] else { throw .missing("subscription", id) }
        return json(subscription, call.rendering)
    }

    /// Without a status all but canceled ones are listed: <https://docs.stripe.com/api/subscriptions/list>.
    func listSubscriptions(_ reader: inout ParameterReader, _ call: CallContext) throws(StripeAPIError) -> JSONObject {
        var query = try ListQuery(&reader)
        try query.readCreated(&reader)
        let customer = try reader.text("customer")
        let price = try reader.text("price")
        let statuses = ["all", "ended"] + SubscriptionStatus.allCases.map(\.rawValue)
        let testClock = try Self.testClock(&reader)
        let status = try reader.choice("status", of: statuses)
        try reader.finish()

        /// Only a customer or a clock asked for brings in objects on test clocks.
        func isOnClock(_ subscription: Subscription) -> Bool {
            subscription.testClock == testClock || (customer != nil && testClock == nil)
        }

        func matches(_ subscription: Subscription) -> Bool {
            guard isOnClock(subscription) else { return false }
            guard price == nil || subscription.items.contains(where: { $0.price == price }) else { return false }
            return switch status {
            case nil: subscription.status != .canceled
            case "all": true
            case "ended": subscription.isEnded
            case let status?: subscription.status.rawValue == status
            }
        }
        let page =
            if let customer {
                try subscriptions.page(
                    query,
                    among: subscriptionPositions[customer] ?? [],
                    kind: "subscription",
                    where: matches
                )
            } else {
                try subscriptions.page(query, kind: "subscription", where: matches)
            }
        return page.json(url: "/v1/subscriptions") { json($0, call.rendering) }
    }

    func listSubscriptionItems(
        _ reader: inout ParameterReader,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        let id = try reader.required("subscription")
        let query = try ListQuery(&reader)
        try reader.finish()
        guard let subscription = subscriptions[id] else { throw .missing("subscription", id, param: "subscription") }
        let page = try subscription.itemPage(query)
        return page.json(url: "/v1/subscription_items") {
            $0.json(subscription: id, price: prices[$0.price], call.rendering)
        }
    }

    /// Reads `price`, or its older name `plan`.
    func priceChoice(_ item: inout ParameterReader, required: Bool) throws(StripeAPIError) -> Price? {
        for name in ["price", "plan"] {
            guard let id = try item.text(name) else { continue }
            guard let price = prices[id] else { throw .missing(name, id, param: item.fullName(name)) }
            return price
        }
        guard !required else { throw .parameterMissing(item.fullName("price")) }
        return nil
    }

    static func quantity(_ item: inout ParameterReader) throws(StripeAPIError) -> Int? {
        guard let quantity = try item.integer("quantity") else { return nil }
        guard quantity >= 0 else {
            throw .invalid(
                item.fullName("quantity"),
                "This value must be greater than or equal to 0.",
                code: "parameter_invalid_integer"
            )
        }
        return quantity
    }

    /// Reads `trial_period_days` or `trial_end`, in Unix seconds.
    private static func trialEnd(_ reader: inout ParameterReader, now: Int) throws(StripeAPIError) -> Int? {
        if let days = try reader.integer("trial_period_days") {
            guard (0...730).contains(days) else {
                throw .invalid("trial_period_days", "Trial periods have up to 730 days.")
            }
            return days == 0 ? nil : now + days * 86_400
        }
        if reader.text("trial_end", is: "now") {
            _ = try reader.text("trial_end")
            return nil
        }
        guard let end = try reader.integer("trial_end") else { return nil }
        guard end > now else { throw .invalid("trial_end", "Invalid timestamp: must be in the future.") }
        return end
    }
}

extension Subscription {
    /// Items are listed in their own order, the first one first.
    fileprivate func itemPage(_ query: ListQuery) throws(StripeAPIError) -> ListPage<SubscriptionItem> {
        func position(of id: String, _ name: String) throws(StripeAPIError) -> Int {
            guard let position = items.firstIndex(where: { $0.id == id }) else {
                throw .missing("subscription_item", id, param: name)
            }
            return position
        }
        if let cursor = query.endingBefore {
            let before = items[..<(try position(of: cursor, "ending_before"))]
            return ListPage(objects: before.suffix(query.limit), hasMore: before.count > query.limit)
        }
        var rest = items[...]
        if let cursor = query.startingAfter {
            rest = items[(try position(of: cursor, "starting_after") + 1)...]
        }
        return ListPage(objects: Array(rest.prefix(query.limit)), hasMore: rest.count > query.limit)
    }
}
