import NIOConcurrencyHelpers

/// A clock that moves only when a test moves it.
final class ManualClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        var deadline: Instant
        var continuation: AsyncStream<Never>.Continuation
    }

    private struct State {
        var now = Instant(offset: .zero)
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
    }

    private let state = NIOLockedValueBox(State())
    private let (arrivals, arrival) = AsyncStream.makeStream(of: Duration.self)

    var now: Instant { state.withLockedValue { $0.now } }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let (id, wait): (Int, Duration) = state.withLockedValue { state in
            state.nextID += 1
            if deadline <= state.now {
                continuation.finish()
            } else {
                state.sleepers[state.nextID] = Sleeper(deadline: deadline, continuation: continuation)
            }
            return (state.nextID, state.now.duration(to: deadline))
        }
        arrival.yield(wait)
        for await _ in stream {}
        state.withLockedValue { $0.sleepers[id] = nil }
        try Task.checkCancellation()
    }

    /// Waits until somebody sleeps who was not waited for yet.
    ///
    /// - Returns: For how long.
    func nextSleep() async -> Duration? {
        var iterator = arrivals.makeAsyncIterator()
        return await iterator.next()
    }

    func advance(by duration: Duration) {
        let due = state.withLockedValue { state in
            state.now = state.now.advanced(by: duration)
            return state.sleepers.values.filter { $0.deadline <= state.now }
        }
        for sleeper in due { sleeper.continuation.finish() }
    }
}
