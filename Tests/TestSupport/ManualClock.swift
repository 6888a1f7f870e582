internal import NIOConcurrencyHelpers

/// A clock that moves only when a test says so.
package final class ManualClock: Clock {
    package struct Instant: InstantProtocol {
        package var offset: Duration = .zero

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper: Sendable {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher: Sendable {
        let deadline: Instant
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State: Sendable {
        var now = Instant()
        var lastID = 0
        var sleepers: [Int: Sleeper] = [:]
        var watchers: [Watcher] = []
    }

    private let state = NIOLockedValueBox(State())
    private let (arrivals, arrival) = AsyncStream.makeStream(of: Duration.self)

    package init() {}

    package var now: Instant { state.withLockedValue { $0.now } }
    package let minimumResolution: Duration = .nanoseconds(1)

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let (id, now) = state.withLockedValue { state in
            state.lastID += 1
            return (state.lastID, state.now)
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                state.withLockedValue { state in
                    if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else if deadline <= state.now {
                        continuation.resume()
                    } else {
                        state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                        wakeWatchers(&state)
                    }
                }
                arrival.yield(now.duration(to: deadline))
            }
        } onCancel: {
            state.withLockedValue { state in
                state.sleepers.removeValue(forKey: id)?.continuation.resume(throwing: CancellationError())
            }
        }
    }

    /// Moves the clock and wakes whoever has slept long enough.
    package func advance(by duration: Duration) {
        state.withLockedValue { state in
            state.now = state.now.advanced(by: duration)
            for (id, sleeper) in state.sleepers where sleeper.deadline <= state.now {
                state.sleepers[id] = nil
                sleeper.continuation.resume()
            }
        }
    }

    /// Waits until somebody sleeps who was not waited for yet.
    ///
    /// - Returns: For how long.
    package func nextSleep() async -> Duration? {
        var iterator = arrivals.makeAsyncIterator()
        return await iterator.next()
    }

    /// Waits until so many sleep who will wake within a time.
    package func sleepers(_ count: Int, within duration: Duration) async {
        await withCheckedContinuation { continuation in
            state.withLockedValue { state in
                let deadline = state.now.advanced(by: duration)
                state.watchers.append(Watcher(deadline: deadline, count: count, continuation: continuation))
                wakeWatchers(&state)
            }
        }
    }

    private func wakeWatchers(_ state: inout State) {
        let deadlines = state.sleepers.values.map(\.deadline)
        state.watchers.removeAll { watcher in
            guard deadlines.count(where: { $0 <= watcher.deadline }) >= watcher.count else { return false }
            watcher.continuation.resume()
            return true
        }
    }
}
