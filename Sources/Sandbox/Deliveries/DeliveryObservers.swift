import NIOConcurrencyHelpers

/// Those who wait for deliveries: streams of attempts, and waits until nothing is outstanding.
final class DeliveryObservers: Sendable {
    private struct State {
        var nextID = 0
        var attempts: [Int: AsyncStream<DeliveryAttempt>.Continuation] = [:]
        var settled: [Int: AsyncStream<Never>.Continuation] = [:]
    }

    private let state = NIOLockedValueBox(State())

    /// The attempts from now on.
    func attempts() -> AsyncStream<DeliveryAttempt> {
        let (stream, continuation) = AsyncStream.makeStream(of: DeliveryAttempt.self)
        let id = state.withLockedValue { state in
            state.nextID += 1
            state.attempts[state.nextID] = continuation
            return state.nextID
        }
        continuation.onTermination = { _ in self.state.withLockedValue { $0.attempts[id] = nil } }
        return stream
    }

    /// Waits until no delivery is ready or being sent.
    func settled(_ sandbox: NIOLockedValueBox<SandboxState>) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let id = state.withLockedValue { state in
            state.nextID += 1
            state.settled[state.nextID] = continuation
            return state.nextID
        }
        continuation.onTermination = { _ in self.state.withLockedValue { $0.settled[id] = nil } }
        notify(sandbox)
        for await _ in stream {}
    }

    func notify(_ sandbox: NIOLockedValueBox<SandboxState>, _ attempt: DeliveryAttempt? = nil) {
        let isSettled = sandbox.withLockedValue { $0.deliveries.outstanding == 0 }
        // A continuation's end runs its termination handler, which takes the lock: so end it outside.
        let (attempts, settled) = state.withLockedValue { state in
            (Array(state.attempts.values), isSettled ? Array(state.settled.values) : [])
        }
        if let attempt { for continuation in attempts { continuation.yield(attempt) } }
        for continuation in settled { continuation.finish() }
    }
}
