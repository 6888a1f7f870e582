internal import NIOConcurrencyHelpers

/// Wakes those in this process who wait for an event or an object to come into the mirror.
///
/// Whoever waits is registered by the ids that it waits for: a commit looks its own ids up and wakes nobody else.
final class Arrivals: Sendable {
    /// How many may wait at a time.
    static let capacity = 1000
    /// How many of one user may wait at a time, so that nobody takes all places.
    static let capacityOfUser = 8

    private struct State {
        var lastNumber = 0
        var waiters: [Int: Waiter] = [:]
        var countsByUser: [UserID: Int] = [:]
        /// Waiters by each id that they wait for.
        var numbers: [String: Set<Int>] = [:]

        mutating func register(_ number: Int, for ids: [String]) {
            for id in ids {
                numbers[id, default: []].insert(number)
            }
        }

        mutating func unregister(_ number: Int, from ids: [String]) {
            for id in ids {
                numbers[id]?.remove(number)
                if numbers[id]?.isEmpty == true {
                    numbers[id] = nil
                }
            }
        }
    }

    private struct Waiter {
        let user: UserID
        var ids: [String]
        var wake: AsyncStream<Void>.Continuation
    }

    /// A place among those who wait.
    struct Place: Sendable {
        let number: Int
        /// Has an element after something came in, and ends with the wait.
        let wakes: AsyncStream<Void>
    }

    private let state = NIOLockedValueBox(State())

    /// How many wait.
    var count: Int { state.withLockedValue { $0.waiters.count } }

    /// Takes a place for a user; nil where as many wait as may.
    func takePlace(for ids: [String], by user: UserID) -> Place? {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return state.withLockedValue { state in
            guard state.waiters.count < Self.capacity, state.countsByUser[user, default: 0] < Self.capacityOfUser else {
                return nil
            }
            state.countsByUser[user, default: 0] += 1
            state.lastNumber += 1
            state.waiters[state.lastNumber] = Waiter(user: user, ids: ids, wake: wake)
            state.register(state.lastNumber, for: ids)
            return Place(number: state.lastNumber, wakes: wakes)
        }
    }

    /// Waits for other ids in the same place.
    func wait(in place: Place, for ids: [String]) {
        state.withLockedValue { state in
            guard let waiter = state.waiters[place.number] else { return }
            state.unregister(place.number, from: waiter.ids)
            state.waiters[place.number]?.ids = ids
            state.register(place.number, for: ids)
        }
    }

    /// Gives a place back, and ends the wait in it.
    func leave(_ place: Place) {
        let waiter = state.withLockedValue { state -> Waiter? in
            guard let waiter = state.waiters.removeValue(forKey: place.number) else { return nil }
            state.unregister(place.number, from: waiter.ids)
            let count = state.countsByUser[waiter.user, default: 0]
            state.countsByUser[waiter.user] = count > 1 ? count - 1 : nil
            return waiter
        }
        waiter?.wake.finish()
    }

    /// Wakes all who wait: what has come in is not known.
    func announceAll() {
        for wake in state.withLockedValue({ $0.waiters.values.map(\.wake) }) {
            wake.yield()
        }
    }

    /// Wakes whoever waits for one of these ids; to be called after the commit that brought them.
    func announce(_ ids: some Sequence<String>) {
        let woken = state.withLockedValue { state -> [AsyncStream<Void>.Continuation] in
            guard !state.waiters.isEmpty else { return [] }
            return ids.flatMap { state.numbers[$0] ?? [] }.compactMap { state.waiters[$0]?.wake }
        }
        for wake in woken {
            wake.yield()
        }
    }
}
