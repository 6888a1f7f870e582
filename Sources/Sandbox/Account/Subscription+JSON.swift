extension SubscriptionItem {
    func json(subscription: String, price: Price?, _ rendering: Rendering) -> JSONObject {
        var object: JSONObject = [
            "id": .string(id), "object": "subscription_item", "billing_thresholds": nil,
            "created": .integer(created),
        ]
        if rendering.hasPeriodOnItems {
            object["current_period_end"] = .integer(periodEnd)
            object["current_period_start"] = .integer(periodStart)
        }
        if rendering.hasStatusDetails { object["current_trial"] = .null }
        object["discounts"] = []
        object["metadata"] = .object(metadata)
        object["plan"] = (price?.planJSON(rendering)).map(JSONValue.object) ?? nil
        object["price"] = (price?.json(rendering)).map(JSONValue.object) ?? nil
        object["quantity"] = .integer(quantity)
        object["subscription"] = .string(subscription)
        object["tax_rates"] = []
        return object
    }
}

extension Subscription {
    /// Stripe shows this many items inside a subscription and leaves the others to `/v1/subscription_items`.
    static let inlineItemLimit = 10

    func json(prices: ObjectTable<Price>, _ rendering: Rendering) -> JSONObject {
        var object = headJSON
        object.append(["items": .object(itemsJSON(prices: prices, rendering))])
        object.append(tailJSON(rendering))
        if let only = items.first, items.count == 1 {
            // Undocumented since prices replaced plans, but still sent for subscriptions with one item.
            let plan = prices[only.price]?.planJSON(rendering)
            object.insert("plan", plan.map(JSONValue.object) ?? nil, after: "pending_update")
            object.insert("quantity", .integer(only.quantity), after: "plan")
        }
        adapt(&object, to: rendering)
        return object
    }

    /// Adds what some API versions have and others do not.
    private func adapt(_ object: inout JSONObject, to rendering: Rendering) {
        if rendering.hasBillingMode {
            var mode: JSONObject = ["type": "flexible", "updated_at": .integer(created)]
            if rendering.hasFlexibleBillingModeDetails { mode["flexible"] = ["proration_discounts": "included"] }
            object.insert("billing_mode", .object(mode), after: "billing_cycle_anchor_config")
        }
        if rendering.hasCustomerAccount { object.insert("customer_account", nil, after: "customer") }
        if rendering.hasSingleDiscount { object.insert("discount", nil, after: "description") }
        if rendering.hasStatusDetails { object.insert("status_details", nil, after: "status") }
        if rendering.inlinesExpandableLists { object.insert("tax_percent", nil, after: "status") }
        if !rendering.hasPeriodOnItems {
            object.insert("current_period_end", .integer(periodEnd), after: "currency")
            object.insert("current_period_start", JSONValue(items.first?.periodStart), after: "current_period_end")
        }
    }

    private var headJSON: JSONObject {
        [
            "id": .string(id), "object": "subscription", "application": nil, "application_fee_percent": nil,
            "automatic_tax": ["disabled_reason": nil, "enabled": false, "liability": nil],
            "billing_cycle_anchor": .integer(billingCycleAnchor), "billing_cycle_anchor_config": nil,
            "billing_thresholds": nil, "cancel_at": JSONValue(cancelAt),
            "cancel_at_period_end": .bool(cancelAtPeriodEnd), "canceled_at": JSONValue(canceledAt),
            "cancellation_details": [
                "comment": JSONValue(cancellationDetails.comment),
                "feedback": JSONValue(cancellationDetails.feedback),
                "reason": JSONValue(cancellationDetails.reason),
            ],
            "collection_method": "charge_automatically", "created": .integer(created),
            "currency": .string(currency), "customer": .string(customer),
            "days_until_due": nil, "default_payment_method": nil, "default_source": nil, "default_tax_rates": [],
            "description": JSONValue(description), "discounts": [], "ended_at": JSONValue(endedAt),
            "invoice_settings": ["account_tax_ids": nil, "issuer": ["type": "self"]],
        ]
    }

    private func itemsJSON(prices: ObjectTable<Price>, _ rendering: Rendering) -> JSONObject {
        let shown = items.prefix(Self.inlineItemLimit)
        return [
            "object": "list",
            "data": .array(
                shown.map { .object($0.json(subscription: id, price: prices[$0.price], rendering)) }
            ),
            "has_more": .bool(items.count > shown.count), "total_count": .integer(items.count),
            "url": .string("/v1/subscription_items?subscription=\(id)"),
        ]
    }

    private func tailJSON(_ rendering: Rendering) -> JSONObject {
        [
            "latest_invoice": .string(latestInvoice), "livemode": .bool(rendering.livemode),
            "metadata": .object(metadata), "next_pending_invoice_item_invoice": nil, "on_behalf_of": nil,
            "pause_collection": pauseCollection.map {
                ["behavior": .string($0.behavior), "resumes_at": JSONValue($0.resumesAt)]
            } ?? nil,
            "payment_settings": [
                "payment_method_options": nil, "payment_method_types": nil, "save_default_payment_method": "off",
            ],
            "pending_invoice_item_interval": nil, "pending_setup_intent": nil, "pending_update": nil,
            "schedule": nil, "start_date": .integer(created), "status": .string(status.rawValue),
            "test_clock": JSONValue(testClock), "transfer_data": nil, "trial_end": JSONValue(trialEnd),
            "trial_settings": ["end_behavior": ["missing_payment_method": "create_invoice"]],
            "trial_start": JSONValue(trialStart),
        ]
    }
}
