import MirrorStore

/// The one object as Stripe has it, its past, and the events that tell of it.
struct SimulatedStripe: Sendable {
    /// What Stripe has from a moment on.
    struct Standing: Hashable, Sendable {
        /// Nil where the object does not exist.
        var state: StateName?
        var isDeleted: Bool

        /// What a mirror should show.
        var shown: StateName? { isDeleted ? .deleted : state }
    }

    private(set) var present: Standing
    /// Every state that the object has had.
    private(set) var states: Set<StateName>
    private(set) var events: [SimulatedEvent] = []

    private let history: History
    private var past: [(from: Double, standing: Standing)]
    /// When each event was there to be listed.
    private var listedFrom: [Double] = []
    /// Numbers of the events, the oldest `created` first, in order of making where those are equal.
    private var listing: [Int] = []

    init(_ history: History) {
        self.history = history
        present = Standing(state: history.start, isDeleted: false)
        states = history.start.map { [$0] } ?? []
        past = [(-.infinity, present)]
    }

    /// Changes the object, where it can be changed like that.
    ///
    /// - Returns: Each event that tells of it, with the times after which it can be delivered.
    mutating func make(_ change: History.Change) -> [(event: SimulatedEvent, deliveries: [Double])]? {
        guard let (shape, state) = step(to: change.state) else { return nil }
        let old = present.state
        present = Standing(state: state, isDeleted: change.state == .deleted)
        states.insert(state)
        past.append((change.time, present))
        var made: [(SimulatedEvent, [Double])] = []
        for telling in change.events {
            made.append(tell(shape, of: state, change, telling, slowness: 1))
            if history.endsTwice, history.kind == .subscription, shape == .deleted, let old {
                made.append(tell(.updated(from: old), of: state, change, telling, slowness: 1.3))
            }
        }
        return made
    }

    /// An event with a snapshot of the present; nil where there is none to be had.
    mutating func makeCheck(_ check: History.Check) -> (event: SimulatedEvent, deliveries: [Double])? {
        guard let state = present.state, !present.isDeleted else { return nil }
        let (event, _) = record(.check, of: state, at: check.time, skew: check.telling.skew, request: nil)
        return (event, check.telling.delays.map { check.time + $0 })
    }

    /// What the API shows at a time, if it answers from a replica.
    func standing(at time: Double, staleness: Double) -> Standing {
        guard staleness > 0 else { return present }
        return (past.last { $0.from <= time - staleness } ?? past[0]).standing
    }

    /// One page of `GET /v1/events`, the latest `created` first.
    ///
    /// - Parameters:
    ///   - bound: `created[gte]`.
    ///   - cursor: `starting_after`, an event's number.
    func page(at time: Double, bound: Double, after cursor: Int?) -> (events: [Int], hasMore: Bool) {
        var listed = listing.reversed().filter { listedFrom[$0 - 1] <= time }
        if let cursor, let index = listed.firstIndex(of: cursor) {
            listed.removeFirst(index + 1)
        }
        listed.removeAll { Double(events[$0 - 1].created) < bound }
        return (Array(listed.prefix(history.pageSize)), listed.count > history.pageSize)
    }

    private func step(to state: StateName) -> (SimulatedEvent.Shape, StateName)? {
        guard !present.isDeleted, present.state != state else { return nil }
        guard let old = present.state else {
            return state == .deleted ? nil : (.created, state)
        }
        if state == .deleted {
            return history.kind == .customer ? (.deleted, old) : nil
        }
        switch (old.isEnded, state.isEnded) {
        case (true, false): return nil
        case (false, true): return (.deleted, state)
        default: return (.updated(from: old), state)
        }
    }

    private mutating func tell(
        _ shape: SimulatedEvent.Shape,
        of state: StateName,
        _ change: History.Change,
        _ telling: History.Telling,
        slowness: Double
    ) -> (SimulatedEvent, [Double]) {
        let (event, listed) = record(shape, of: state, at: change.time, skew: telling.skew, request: change.request)
        return (event, telling.delays.map { max(change.time + $0 * slowness, listed + 0.01) })
    }

    private mutating func record(
        _ shape: SimulatedEvent.Shape,
        of state: StateName,
        at time: Double,
        skew: Double,
        request: String?
    ) -> (event: SimulatedEvent, listed: Double) {
        let number = events.count + 1
        // Tenths of the laziness in an order that jumps.
        let late = history.laziness * (Double(number * 3 % 10) / 9)
        let created = Int64((time + late + skew).rounded(.down))
        let event = SimulatedEvent(number: number, shape: shape, state: state, created: created, request: request)
        events.append(event)
        listedFrom.append(time + late)
        let place = listing.lastIndex { events[$0 - 1].created <= created }
        listing.insert(number, at: place.map { $0 + 1 } ?? 0)
        return (event, time + late)
    }
}
