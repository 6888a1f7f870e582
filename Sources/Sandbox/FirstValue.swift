import NIOConcurrencyHelpers

/// A value that comes once, and any number of tasks that wait for it.
final class FirstValue<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var isFinished = false
        var nextID = 0
        var waiters: [Int: AsyncStream<Never>.Continuation] = [:]
    }

    private let state = NIOLockedValueBox(State())

    func resolve(_ value: Value) {
        end { $0.value = value }
    }

    /// Lets the waiting tasks go without a value, unless there is one.
    func finish() {
        end { _ in }
    }

    private func end(_ change: (inout State) -> Void) {
        let waiters = state.withLockedValue { state in
            change(&state)
            state.isFinished = true
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.finish() }
    }

    /// - Returns: The value, or nil where none comes or the task is cancelled.
    func value() async -> Value? {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let id: Int? = state.withLockedValue { state in
            guard !state.isFinished else { return nil }
            state.nextID += 1
            state.waiters[state.nextID] = continuation
            return state.nextID
        }
        if let id {
            for await _ in stream {}
            state.withLockedValue { $0.waiters[id] = nil }
        }
        return state.withLockedValue { $0.value }
    }
}
