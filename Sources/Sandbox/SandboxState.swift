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

    init(_ configuration: SandboxConfiguration) {
        self.configuration = configuration
        clock = SandboxClock(source: configuration.now)
        model = Self.model(configuration, now: clock.now())
        apiFaults = FaultPlan(seed: configuration.seed)
        eventFaults = FaultPlan(seed: configuration.seed)
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
            ready += announce(event, effects: effects, now: now)
            if effects.contains(.twin) {
                model.emitTwin(of: event)
                for twin in model.takeEvents() { ready += announce(twin, effects: [], now: now) }
            }
        }
        return ready
    }

    private mutating func announce(_ event: Event, effects: [EventFault.Effect], now: Int) -> [Delivery] {
        let destinations = Set(deliveries.destinations(of: event.type))
        model.events.modify(event.id) { $0.pendingEndpoints = destinations }
        return deliveries.plan(event, effects: effects, now: now)
    }

    /// What is to be sent now for a delivery; nil where a reset has made it void.
    mutating func message(
        for delivery: Delivery
    ) -> (endpoint: WebhookEndpoint, payload: [UInt8], signature: String)? {
        guard deliveries.isCurrent(delivery), let event = model.events[delivery.event] else { return nil }
        let endpoint = deliveries.endpoints[delivery.endpoint]
        let payload = event.json().bytes
        let signature = DeliverySignature.header(
            payload: payload,
            secrets: endpoint.secrets,
            timestamp: clock.signingTime
        )
        return (endpoint, payload, signature)
    }

    /// Notes how an attempt ended; returns the delivery's next attempt where one is due.
    mutating func finish(
        _ delivery: Delivery,
        outcome: DeliveryAttempt.Outcome
    ) -> (attempt: DeliveryAttempt, next: Delivery?) {
        let type = model.events[delivery.event]?.type ?? ""
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
    }
}
