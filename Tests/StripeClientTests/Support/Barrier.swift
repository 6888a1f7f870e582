import NIOConcurrencyHelpers

/// Lets nobody pass before a number of tasks have arrived.
final class Barrier: Sendable {
    private struct State: Sendable {
        var missing: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: NIOLockedValueBox<State>

    init(_ count: Int) {
        state = NIOLockedValueBox(State(missing: count))
    }

    func arrive() async {
        await withCheckedContinuation { continuation in
            let released = state.withLockedValue { state in
                state.missing -= 1
                state.waiting.append(continuation)
                guard state.missing <= 0 else { return [CheckedContinuation<Void, Never>]() }
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in released { continuation.resume() }
        }
    }
}
