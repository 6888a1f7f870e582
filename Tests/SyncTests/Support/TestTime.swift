import NIOConcurrencyHelpers

/// The time of a test, which moves only when the test says so: Unix seconds, and a clock to sleep on.
final class TestTime: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration = .zero

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper: Sendable {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State: Sendable {
        var now = Instant()
        /// What the wall clock shows beyond ``now``.
        var wall = TestTime.start
        var lastID = 0
        var sleepers: [Int: Sleeper] = [:]
        var naps: [Duration] = []
    }

    static let start: Double = 1_790_000_000

    private let state = NIOLockedValueBox(State())

    var now: Instant { state.withLockedValue { $0.now } }
    let minimumResolution: Duration = .nanoseconds(1)

    /// Unix seconds by the wall clock.
    var unix: Double { state.withLockedValue { $0.wall + $0.now.offset / .seconds(1) } }
    /// How many sleep now.
    var sleepers: Int { state.withLockedValue { $0.sleepers.count } }
    /// What was slept for so far, by each that began to.
    var naps: [Duration] { state.withLockedValue { $0.naps } }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let id = state.withLockedValue { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                state.withLockedValue { state in
                    state.naps.append(state.now.duration(to: deadline))
                    if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else if deadline <= state.now {
                        continuation.resume()
                    } else {
                        state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    }
                }
            }
        } onCancel: {
            state.withLockedValue { state in
                state.sleepers.removeValue(forKey: id)?.continuation.resume(throwing: CancellationError())
            }
        }
    }

    /// Lets time pass, and wakes whoever has slept long enough.
    func advance(by seconds: Double) {
        state.withLockedValue { state in
            state.now = state.now.advanced(by: .seconds(seconds))
            for (id, sleeper) in state.sleepers where sleeper.deadline <= state.now {
                state.sleepers[id] = nil
                sleeper.continuation.resume()
            }
        }
    }

    /// Sets the wall clock, as an operator or NTP does: nobody wakes.
    func setWall(by seconds: Double) {
        state.withLockedValue { $0.wall += seconds }
    }
}

/// A clock on which a pause takes no time: the test's time moves on at once, after a hook that acts meanwhile.
struct SkippingClock: Clock {
    let time: TestTime
    var onPause: @Sendable () async throws -> Void = {}

    var now: TestTime.Instant { time.now }
    var minimumResolution: Duration { time.minimumResolution }

    func sleep(until deadline: TestTime.Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let duration = time.now.duration(to: deadline)
        try await onPause()
        time.advance(by: duration / .seconds(1))
    }
}

/// Waits until a condition holds.
func until(_ condition: () async throws -> Bool) async rethrows {
    while try await !condition() {
        await Task.yield()
    }
}
