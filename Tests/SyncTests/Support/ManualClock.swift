/// A clock whose pauses end when a test says so, or when their task is cancelled.
final class ManualClock: Clock, Sendable {
    struct Pause: Sendable {
        let length: Duration
        fileprivate let gate: AsyncStream<Void>.Continuation

        func end() { gate.finish() }
    }

    let pauses: AsyncStream<Pause>
    private let begun: AsyncStream<Pause>.Continuation

    init() {
        (pauses, begun) = AsyncStream.makeStream()
    }

    var now: ContinuousClock.Instant { ContinuousClock.Instant.now }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        // `sleep(for:)` asks for the time first; a length is whole seconds.
        let length = Duration.seconds((now.duration(to: deadline) + .milliseconds(500)).components.seconds)
        let (gate, continuation) = AsyncStream.makeStream(of: Void.self)
        begun.yield(Pause(length: length, gate: continuation))
        for await _ in gate {}
        try Task.checkCancellation()
    }
}
