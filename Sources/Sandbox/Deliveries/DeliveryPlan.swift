/// Turns events into deliveries, faults included, and keeps the account of what became of them.
///
/// A plain value; ``DeliveryService`` does the sending.
struct DeliveryPlan: Sendable {
    private(set) var endpoints: [WebhookEndpoint]
    private var disabledEndpoints: Set<Int> = []
    private var deletedEndpoints: Set<Int> = []
    private(set) var attempts: [DeliveryAttempt] = []
    /// Deliveries that are ready or being sent.
    ///
    /// Those held back or waiting for their time do not count.
    private(set) var outstanding = 0
    private var generation = 0
    private var held: [[Delivery]] = []
    private var random: RandomSource

    init(endpoints: [WebhookEndpoint], seed: UInt64?) {
        self.endpoints = endpoints
        random = RandomSource(seed: seed)
    }

    mutating func add(_ endpoint: WebhookEndpoint) -> Int {
        endpoints.append(endpoint)
        return endpoints.count - 1
    }

    /// The id of the endpoint at a place in the list.
    static func endpointID(_ position: Int) -> String {
        "we_\(position + 1)"
    }

    func isEnabled(_ position: Int) -> Bool {
        !disabledEndpoints.contains(position) && !deletedEndpoints.contains(position)
    }

    /// Disables an endpoint or enables it again.
    ///
    /// - Returns: False where no endpoint has the id.
    mutating func setEnabled(_ isEnabled: Bool, endpoint id: String) -> Bool {
        guard let position = position(of: id) else { return false }
        if isEnabled { disabledEndpoints.remove(position) } else { disabledEndpoints.insert(position) }
        return true
    }

    /// The place of an endpoint that has not been deleted.
    func position(of id: String) -> Int? {
        endpoints.indices.first { Self.endpointID($0) == id && !deletedEndpoints.contains($0) }
    }

    /// The ids of endpoints that have not been deleted, newest first.
    var endpointIDs: [String] {
        endpoints.indices.filter { !deletedEndpoints.contains($0) }.reversed().map(Self.endpointID)
    }

    mutating func replace(_ position: Int, with endpoint: WebhookEndpoint) {
        endpoints[position] = endpoint
    }

    mutating func delete(_ position: Int) {
        deletedEndpoints.insert(position)
    }

    /// The endpoints that are to be sent an event of this type.
    func destinations(of type: String) -> [Int] {
        endpoints.indices.filter { isEnabled($0) && endpoints[$0].takes(type) }
    }

    /// The deliveries of a health event.
    mutating func plan(_ event: HealthEvent) -> [Delivery] {
        ready(
            endpoints.indices.filter { isEnabled($0) && endpoints[$0].takesThin(HealthEvent.type) }
                .map { Delivery(event: event.id, endpoint: $0, generation: generation) }
        )
    }

    /// The deliveries that are ready at once after a new event.
    mutating func plan(_ event: Event, effects: [EventFault.Effect], now: Int) -> [Delivery] {
        var deliveries = destinations(of: event.type).map {
            Delivery(event: event.id, endpoint: $0, generation: generation)
        }
        var window: Int?
        for effect in effects {
            switch effect {
            case .lose, .twin: break
            case .duplicate: deliveries += deliveries
            case .delay(let delay): for index in deliveries.indices { deliveries[index].delay += delay }
            case .reorder(let size): window = size
            case .drop:
                for delivery in deliveries {
                    attempts.append(attempt(delivery, type: event.type, now: now, outcome: .dropped))
                }
                return []
            }
        }
        guard let window else { return ready(deliveries) }
        held.append(deliveries)
        return held.count >= window ? releaseHeld() : []
    }

    /// Lets go what a reordering fault holds back, in another order than it came.
    mutating func releaseHeld() -> [Delivery] {
        let order = Array(held.indices)
        var shuffled = order.shuffled(using: &random)
        if shuffled == order { shuffled.reverse() }
        let deliveries = shuffled.flatMap { held[$0] }
        held.removeAll()
        return ready(deliveries)
    }

    /// Notes that deliveries are ready for sending.
    mutating func ready(_ deliveries: [Delivery]) -> [Delivery] {
        let current = deliveries.filter { $0.generation == generation }
        outstanding += current.count
        return current
    }

    func isCurrent(_ delivery: Delivery) -> Bool {
        delivery.generation == generation
    }

    /// Takes a delivery out of what is ready, because its time has not come yet, or never will.
    mutating func forget(_ delivery: Delivery) {
        if isCurrent(delivery) { outstanding -= 1 }
    }

    /// Notes an attempt's outcome.
    mutating func finish(_ delivery: Delivery, type: String, now: Int, outcome: DeliveryAttempt.Outcome)
        -> DeliveryAttempt
    {
        let attempt = attempt(delivery, type: type, now: now, outcome: outcome)
        if isCurrent(delivery) {
            outstanding -= 1
            attempts.append(attempt)
        }
        return attempt
    }

    /// A delivery by hand, as from Stripe's Dashboard, to all endpoints that take its type.
    mutating func resend(_ event: Event) -> [Delivery] {
        ready(
            destinations(of: event.type).map { Delivery(event: event.id, endpoint: $0, generation: generation) }
        )
    }

    /// Forgets all deliveries; the endpoints stay.
    mutating func reset() {
        generation += 1
        outstanding = 0
        attempts.removeAll()
        held.removeAll()
    }

    private func attempt(
        _ delivery: Delivery,
        type: String,
        now: Int,
        outcome: DeliveryAttempt.Outcome
    ) -> DeliveryAttempt {
        DeliveryAttempt(
            event: delivery.event,
            type: type,
            url: endpoints[delivery.endpoint].url,
            number: delivery.attempt,
            at: now,
            outcome: outcome
        )
    }
}
