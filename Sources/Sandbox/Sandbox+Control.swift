extension Sandbox {
    /// Sets a fault of the API.
    public func inject(_ fault: APIFault) {
        withState { $0.apiFaults.add(fault, frequency: fault.frequency) }
    }

    /// Sets a fault of events and their deliveries.
    public func inject(_ fault: EventFault) {
        withState { $0.eventFaults.add(fault, frequency: fault.frequency) }
    }

    /// Takes all faults back.
    ///
    /// What a reordering fault holds back stays held until ``releaseDeliveries()``.
    public func removeFaults() {
        withState { state in
            state.apiFaults.removeAll()
            state.eventFaults.removeAll()
        }
    }

    /// Delivers what a reordering fault holds back, in another order than it came.
    public func releaseDeliveries() {
        dispatch { $0.deliveries.releaseHeld() }
    }

    /// Delivers an event once more, as by hand from Stripe's Dashboard.
    ///
    /// Unknown ids are ignored.
    public func deliver(_ event: String) {
        dispatch { state in
            state.model.events[event].map { state.deliveries.resend($0) } ?? []
        }
    }

    /// Delivers a health event for each event that a fault has lost since the last report, to endpoints that take thin
    /// events.
    ///
    /// - Returns: The ids of the health events.
    @discardableResult
    public func reportLostEvents() -> [String] {
        var ids: [String] = []
        dispatch { state in
            let events = state.model.reportLostEvents(now: state.clock.now())
            ids = events.map(\.id)
            return events.flatMap { state.deliveries.plan($0) }
        }
        return ids
    }

    /// The endpoints by id, and whether each is enabled.
    public var endpoints: [(id: String, endpoint: WebhookEndpoint, isEnabled: Bool)] {
        withState { state in
            state.deliveries.endpoints.enumerated().map { position, endpoint in
                (DeliveryPlan.endpointID(position), endpoint, state.deliveries.isEnabled(position))
            }
        }
    }

    /// Disables an endpoint, or enables it again.
    ///
    /// What happens while it is disabled is never delivered to it, though the API lists it.
    ///
    /// - Throws: ``SandboxError/unknownEndpoint(_:)``.
    public func setEndpoint(_ id: String, enabled: Bool) throws(SandboxError) {
        guard withState({ $0.deliveries.setEnabled(enabled, endpoint: id) }) else { throw .unknownEndpoint(id) }
    }

    /// Makes a restricted key, beside the account's own, or changes what it may do.
    ///
    /// - Parameters:
    ///   - key: `rk_…`.
    ///   - permissions: Such as `rak_customer_read`.
    public func setRestrictedKey(_ key: String, permissions: Set<String>) {
        withState { $0.restrictedKeys[key] = permissions }
    }

    /// Stops the sandbox's clock, so that all that follows happens in one second, or lets it go on.
    public func setClockFrozen(_ isFrozen: Bool) {
        withState { $0.clock.setFrozen(isFrozen) }
    }

    /// Moves the sandbox's clock forward and does what Stripe does meanwhile: scheduled ends, trial ends, renewals.
    ///
    /// - Parameter seconds: How far; not negative.
    public func advanceClock(by seconds: Int) {
        withState { state in
            state.clock.advance(by: seconds)
            state.model.settle(now: state.clock.now())
        }
    }

    /// Number of API calls so far by route, for example `GET /v1/customers/:id`, refused and faulty ones included.
    public var apiCalls: [String: Int] {
        withState { $0.calls }
    }

    /// Number of API calls that the account's rate limit refused.
    public var rateLimitedCalls: Int {
        withState { $0.rateLimitedCalls }
    }

    /// The attempts to deliver so far.
    public var attempts: [DeliveryAttempt] {
        withState { $0.deliveries.attempts }
    }

    /// Returns to the state at the start.
    ///
    /// Clock and endpoints stay; deliveries on their way are forgotten.
    public func reset() {
        withState { $0.reset() }
        notifyObservers()
    }
}
