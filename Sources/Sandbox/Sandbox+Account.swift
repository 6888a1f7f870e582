extension Sandbox {
    private func perform(
        _ parameters: StripeParameters,
        _ body: (inout StripeModel, inout ParameterReader, CallContext) throws(StripeAPIError) -> JSONObject
    ) throws(StripeAPIError) -> JSONObject {
        try withState { state throws(StripeAPIError) in
            var reader = ParameterReader(parameters)
            let call = CallContext(
                now: state.clock.now(),
                rendering: state.model.rendering,
                requestID: state.model.ids.short("req_")
            )
            return try body(&state.model, &reader, call)
        }
    }

    /// Creates a customer; the parameters are those of `POST /v1/customers`.
    ///
    /// - Returns: The customer.
    /// - Throws: What Stripe would answer.
    @discardableResult
    public func createCustomer(_ parameters: StripeParameters = [:]) throws(StripeAPIError) -> JSONObject {
        try perform(parameters) { model, reader, call throws(StripeAPIError) in
            try model.createCustomer(&reader, call)
        }
    }

    /// Changes a customer; the parameters are those of `POST /v1/customers/:id`.
    ///
    /// - Returns: The customer.
    /// - Throws: What Stripe would answer.
    @discardableResult
    public func updateCustomer(_ id: String, _ parameters: StripeParameters) throws(StripeAPIError) -> JSONObject {
        try perform(parameters) { model, reader, call throws(StripeAPIError) in
            try model.updateCustomer(id, &reader, call)
        }
    }

    /// Deletes a customer and ends its subscriptions.
    ///
    /// - Returns: The deleted customer's stub.
    /// - Throws: What Stripe would answer.
    @discardableResult
    public func deleteCustomer(_ id: String) throws(StripeAPIError) -> JSONObject {
        try perform([:]) { model, _, call throws(StripeAPIError) in
            try model.deleteCustomer(id, call)
        }
    }

    /// Creates a subscription; the parameters are those of `POST /v1/subscriptions`.
    ///
    /// - Returns: The subscription.
    /// - Throws: What Stripe would answer.
    @discardableResult
    public func createSubscription(_ parameters: StripeParameters) throws(StripeAPIError) -> JSONObject {
        try perform(parameters) { model, reader, call throws(StripeAPIError) in
            try model.createSubscription(&reader, call)
        }
    }

    /// Changes a subscription; the parameters are those of `POST /v1/subscriptions/:id`.
    ///
    /// - Returns: The subscription.
    /// - Throws: What Stripe would answer.
    @discardableResult
    public func updateSubscription(_ id: String, _ parameters: StripeParameters) throws(StripeAPIError) -> JSONObject {
        try perform(parameters) { model, reader, call throws(StripeAPIError) in
            try model.updateSubscription(id, &reader, call)
        }
    }

    /// Cancels a subscription at once.
    ///
    /// - Returns: The subscription.
    /// - Throws: What Stripe would answer.
    @discardableResult
    public func cancelSubscription(_ id: String) throws(StripeAPIError) -> JSONObject {
        try perform([:]) { model, reader, call throws(StripeAPIError) in
            try model.cancelSubscription(id, &reader, call)
        }
    }

    /// Sets a status that Stripe reaches on its own, such as `past_due`; the event has no request id.
    ///
    /// - Throws: `resource_missing` where no such subscription runs.
    public func setSubscriptionStatus(_ id: String, to status: SubscriptionStatus) throws(StripeAPIError) {
        try withState { state throws(StripeAPIError) in
            try state.model.setStatus(id, to: status, now: state.clock.now())
        }
    }

    /// Creates a checkout session; the parameters are those of `POST /v1/checkout/sessions`.
    ///
    /// - Returns: The session.
    /// - Throws: What Stripe would answer.
    @discardableResult
    public func createCheckoutSession(_ parameters: StripeParameters) throws(StripeAPIError) -> JSONObject {
        try perform(parameters) { model, reader, call throws(StripeAPIError) in
            try model.createCheckoutSession(&reader, call)
        }
    }

    /// Pays a checkout session as its customer would.
    ///
    /// - Returns: The session.
    /// - Throws: What Stripe would answer.
    @discardableResult
    public func completeCheckoutSession(_ id: String) throws(StripeAPIError) -> JSONObject {
        try withState { state throws(StripeAPIError) in
            try state.model.completeCheckoutSession(id, now: state.clock.now())
        }
    }

    /// The customer as `GET` would show it, or nil.
    public func customer(_ id: String) -> JSONObject? {
        withState { state in
            state.model.customers[id].map {
                $0.isDeleted ? $0.deletedJSON : state.model.json($0, state.model.rendering)
            }
        }
    }

    /// The subscription as `GET` would show it, or nil.
    public func subscription(_ id: String) -> JSONObject? {
        withState { state in
            state.model.subscriptions[id].map { state.model.json($0, state.model.rendering) }
        }
    }

    /// All events so far, oldest first.
    public func events() -> [JSONObject] {
        withState { $0.model.events.objects.map { $0.json() } }
    }
}
