internal import NIOConcurrencyHelpers

/// Makes one call for all who ask for the same thing at the same time.
///
/// A call belongs to nobody: it goes on while anybody wants its value, and is cancelled when the last one is cancelled. It is a
/// task of its own for that reason, and outlives none of those who wait: each stays until it has ended. When it has ended
/// nothing of it is kept.
final class SharedCalls<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Call: Sendable {
        var id: Int
        var task: Task<Value, Never>
        /// How many want its value.
        var interested = 1
    }

    private struct State {
        var lastID = 0
        var calls: [Key: Call] = [:]

        mutating func join(_ key: Key) -> Call? {
            calls[key]?.interested += 1
            return calls[key]
        }
    }

    private let state = NIOLockedValueBox(State())

    /// How many want the value of the call that is being made.
    func interested(in key: Key) -> Int { state.withLockedValue { $0.calls[key]?.interested ?? 0 } }

    /// Joins the call that is being made, or makes it.
    ///
    /// - Parameters:
    ///   - key: What is wanted.
    ///   - make: Makes the call.
    /// - Returns: What it brought; nil where the caller's task was cancelled.
    func value(for key: Key, _ make: @escaping @Sendable () async -> Value) async -> Value? {
        guard !Task.isCancelled else { return nil }
        return await value(of: joinOrBegin(key, make), key)
    }

    /// Joins the call that is being made.
    ///
    /// - Parameter key: What is wanted.
    /// - Returns: What it brought; nil where none is being made, or the caller's task was cancelled.
    func valueUnderWay(for key: Key) async -> Value? {
        guard !Task.isCancelled, let call = state.withLockedValue({ $0.join(key) }) else { return nil }
        return await value(of: call, key)
    }

    private func value(of call: Call, _ key: Key) async -> Value? {
        await withTaskCancellationHandler {
            let value = await call.task.value
            return Task.isCancelled ? nil : value
        } onCancel: {
            leave(key, call)
        }
    }

    private func joinOrBegin(_ key: Key, _ make: @escaping @Sendable () async -> Value) -> Call {
        state.withLockedValue { state in
            if let call = state.join(key) { return call }
            state.lastID += 1
            let id = state.lastID
            let task = Task {
                let value = await make()
                end(key, id)
                return value
            }
            let call = Call(id: id, task: task)
            state.calls[key] = call
            return call
        }
    }

    private func leave(_ key: Key, _ call: Call) {
        let isUnwanted = state.withLockedValue { state in
            guard state.calls[key]?.id == call.id else { return false }
            state.calls[key]?.interested -= 1
            guard state.calls[key]?.interested == 0 else { return false }
            // Whoever comes now is not to get the value of a call that was broken off.
            state.calls.removeValue(forKey: key)
            return true
        }
        if isUnwanted { call.task.cancel() }
    }

    private func end(_ key: Key, _ id: Int) {
        state.withLockedValue { state in
            guard state.calls[key]?.id == id else { return }
            state.calls.removeValue(forKey: key)
        }
    }
}
