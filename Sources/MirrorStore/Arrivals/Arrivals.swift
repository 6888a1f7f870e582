internal import NIOConcurrencyHelpers

/// Wakes those in this process who wait for an event or an object to come into the mirror.
///
/// Whoever waits is registered by the ids that it waits for: a commit looks its own ids up and wakes nobody else.
final class Arrivals: Sendable {
    /// How many may wait at a time.
    static let capacity = 1000

    private struct State {
        var lastNumber = 0
        var waiters: [Int: Waiter] = [:]
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

    /// Takes a place; nil where as many wait as may.
    func takePlace(for ids: [String]) -> Place? {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return state.withLockedValue { state in
            guard state.waiters.count < Self.capacity else { return nil }
            state.lastNumber += 1
            state.waiters[state.lastNumber] = Waiter(ids: ids, wake: wake)
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
        let waiter = state.withLockedValue { state in
            let waiter = state.waiters.removeValue(forKey: place.number)
            state.unregister(place.number, from: waiter?.ids ?? [])
            return waiter
        }
        waiter?.wake.finish()
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
