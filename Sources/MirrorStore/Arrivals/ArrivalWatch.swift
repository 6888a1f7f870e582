internal import ServiceLifecycle

/// Lets a request wait until the mirror has seen what its user has just done at Stripe.
public struct ArrivalWatch: Sendable {
    private let store: MirrorStore
    private let limit: Duration
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - store: The mirror; what other processes bring in wakes nobody.
    ///   - limit: How long a wait lasts at most.
    ///   - clock: Counts it.
    public init(
        store: MirrorStore,
        limit: Duration = .seconds(3),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.store = store
        self.limit = limit
        self.clock = clock
    }

    /// Waits until something has come in; not beyond the limit, a shutdown, or the task's cancellation, and not at all
    /// where very many wait already, or several of the same user.
    ///
    /// - Parameters:
    ///   - arrival: What is waited for.
    ///   - user: Who waits.
    /// - Returns: Whether it has come in.
    /// - Throws: ``MirrorError`` where the mirror cannot be read.
    public func wait(for arrival: Arrival, by user: UserID) async throws(MirrorError) -> Bool {
        // The place is taken before the mirror is looked at: what comes in between wakes it.
        guard let place = store.arrivals.takePlace(for: [arrival.id], by: user) else {
            return try await missing(arrival).isEmpty
        }
        defer { store.arrivals.leave(place) }
        let missing = try await missing(arrival)
        if missing.isEmpty { return true }
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await clock.sleep(for: limit)
                } catch {
                    // The request ended first.
                }
                store.arrivals.leave(place)
            }
            let result = await withGracefulShutdownHandler {
                await watch(arrival, missing, in: place)
            } onGracefulShutdown: {
                store.arrivals.leave(place)
            }
            group.cancelAll()
            return result
        }
        return try result.get()
    }

    private func watch(
        _ arrival: Arrival,
        _ missing: [String],
        in place: Arrivals.Place
    ) async -> Result<Bool, MirrorError> {
        var wakes = place.wakes.makeAsyncIterator()
        var awaited = [arrival.id]
        var missing = missing
        do throws(MirrorError) {
            while !missing.isEmpty {
                if missing != awaited {
                    store.arrivals.wait(in: place, for: missing)
                    awaited = missing
                } else if await wakes.next() == nil {
                    return .success(false)
                }
                missing = try await self.missing(arrival)
            }
            return .success(true)
        } catch {
            return .failure(error)
        }
    }

    private func missing(_ arrival: Arrival) async throws(MirrorError) -> [String] {
        try await store.read { db in try ArrivalReader(db: db).missing(arrival) }
    }
}
