/// All that a sandbox remembers, as one value behind one lock.
struct SandboxState: Sendable {
    let configuration: SandboxConfiguration
    var clock: SandboxClock
    var model: StripeModel
    var idempotency = IdempotencyCache()
    var apiFaults: FaultPlan<APIFault>
    var eventFaults: FaultPlan<EventFault>
    var deliveries: DeliveryPlan
    /// Number of calls by route, for example `GET /v1/customers/:id`, refused and faulty ones included.
    var calls: [String: Int] = [:]
    var rateLimit: RateLimit?
    var rateLimitedCalls = 0
    /// The permissions of each restricted key, beside the account's own key, which has them all.
    var restrictedKeys: [String: Set<String>] = [:]

    init(_ configuration: SandboxConfiguration) {
        self.configuration = configuration
        clock = SandboxClock(source: configuration.now)
        model = Self.model(configuration, now: clock.now())
        apiFaults = FaultPlan(seed: configuration.seed)
        eventFaults = FaultPlan(seed: configuration.seed)
        rateLimit = configuration.rateLimit.map(RateLimit.init)
        deliveries = DeliveryPlan(endpoints: configuration.endpoints, seed: configuration.seed)
    }

    private static func model(_ configuration: SandboxConfiguration, now: Int) -> StripeModel {
        let rendering = Rendering(
            apiVersion: configuration.apiVersion,
            livemode: configuration.secretKey.contains("_live_")
        )
        return StripeModel(rendering: rendering, seed: configuration.seed, now: now)
    }

    /// Turns the events of the operations so far into deliveries that are ready to be sent.
    mutating func takeDeliveries() -> [Delivery] {
        var ready: [Delivery] = []
        let now = clock.now()
        for event in model.takeEvents() {
            let effects = eventFaults.strike { Glob.matches($0.type, event.type) }.map(\.effect)
            guard !effects.contains(.lose) else {
                model.lostEvents.append(LostEvent(type: event.type, object: RelatedObject(event.rendition.object)))
                continue
            }
            ready += announce(event, effects: effects, now: now)
            if effects.contains(.twin) { ready += announce(model.twin(of: event), effects: [], now: now) }
        }
        return ready
    }

    private mutating func announce(_ event: Event, effects: [EventFault.Effect], now: Int) -> [Delivery] {
        var event = event
        event.pendingEndpoints = Set(deliveries.destinations(of: event.type))
        model.events.append(event)
        return deliveries.plan(event, effects: effects, now: now)
    }

    /// What is to be sent now for a delivery; nil where a reset has made it void, or its endpoint is disabled.
    ///
    /// What was to be sent to a disabled endpoint is never tried again:
    /// <https://docs.stripe.com/webhooks#automatic-retries>.
    mutating func message(
        for delivery: Delivery
    ) -> (endpoint: WebhookEndpoint, payload: [UInt8], signature: String)? {
        guard deliveries.isCurrent(delivery) else { return nil }
        let endpoint = deliveries.endpoints[delivery.endpoint]
        guard deliveries.isEnabled(delivery.endpoint), let payload = payload(of: delivery.event, for: endpoint) else {
            deliveries.forget(delivery)
            return nil
        }
        let signature = DeliverySignature.header(
            payload: payload,
            secrets: endpoint.secrets,
            timestamp: clock.signingTime
        )
        return (endpoint, payload, signature)
    }

    private func payload(of id: String, for endpoint: WebhookEndpoint) -> [UInt8]? {
        if let event = model.healthEvents[id] { return event.json().bytes }
        guard let event = model.events[id] else { return nil }
        return (endpoint.isThin ? event.thinJSON() : event.json(apiVersion: endpoint.apiVersion)).bytes
    }

    /// Notes how an attempt ended; returns the delivery's next attempt where one is due.
    mutating func finish(
        _ delivery: Delivery,
        outcome: DeliveryAttempt.Outcome
    ) -> (attempt: DeliveryAttempt, next: Delivery?) {
        let type = model.events[delivery.event]?.type ?? HealthEvent.type
        let attempt = deliveries.finish(delivery, type: type, now: clock.now(), outcome: outcome)
        guard deliveries.isCurrent(delivery) else { return (attempt, nil) }
        if attempt.isSuccess {
            model.events.modify(delivery.event) { $0.pendingEndpoints.remove(delivery.endpoint) }
            return (attempt, nil)
        }
        let delays = configuration.retryDelays
        guard delivery.attempt <= delays.count else { return (attempt, nil) }
        var next = delivery
        next.attempt += 1
        next.delay = delays[delivery.attempt - 1]
        return (attempt, next)
    }

    /// Returns to the state at the start; clock and endpoints stay as they are.
    mutating func reset() {
        let pageBase = model.pageBase
        model = Self.model(configuration, now: clock.now())
        model.pageBase = pageBase
        idempotency = IdempotencyCache()
        apiFaults.removeAll()
        eventFaults.removeAll()
        deliveries.reset()
        calls.removeAll()
        rateLimitedCalls = 0
    }
}
