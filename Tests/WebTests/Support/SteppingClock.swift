import NIOConcurrencyHelpers

/// A clock that moves by one step whenever it is read, and on which nobody waits.
final class SteppingClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let step: Duration
    private let offset = NIOLockedValueBox(Duration.zero)

    init(step: Duration) {
        self.step = step
    }

    var minimumResolution: Duration { .zero }

    var now: Instant {
        offset.withLockedValue { offset in
            offset += step
            return Instant(offset: offset)
        }
    }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
    }
}
