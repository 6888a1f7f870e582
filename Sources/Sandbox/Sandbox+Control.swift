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
