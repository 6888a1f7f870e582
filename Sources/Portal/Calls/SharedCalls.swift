internal import NIOConcurrencyHelpers

/// Makes one call for all who ask for the same thing at the same time.
///
/// A call belongs to nobody: it goes on until it has ended or the last of those who wait for it is gone. When it has ended
/// nothing of it is kept. Calls are made by ``run()``, in tasks of its own.
final class SharedCalls<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Call {
        var id: Int
        var waiters: [Int: CheckedContinuation<Value?, Never>]
        /// Its end cancels the call.
        var lifeline: AsyncStream<Never>.Continuation
    }

    private struct State {
        var lastID = 0
        var calls: [Key: Call] = [:]
        var isClosed = false

        mutating func nextID() -> Int {
            lastID += 1
            return lastID
        }
    }

    private struct Order: Sendable {
        var key: Key
        var id: Int
        var lifeline: AsyncStream<Never>
    }

    private let state = NIOLockedValueBox(State())
    private let orders = AsyncStream.makeStream(of: Order.self)
    private let operation: @Sendable (Key) async -> Value

    /// - Parameter operation: Makes the call.
    init(_ operation: @escaping @Sendable (Key) async -> Value) {
        self.operation = operation
    }

    /// Joins the call that is being made, or has one made.
    ///
    /// - Returns: What it brought; nil where the task is cancelled, or no calls are made any more.
    func value(for key: Key) async -> Value? {
        let waiter = state.withLockedValue { $0.nextID() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLockedValue { join(key, waiter, continuation, &$0) }
            }
        } onCancel: {
            leave(key, waiter)
        }
    }

    private func join(
        _ key: Key,
        _ waiter: Int,
        _ continuation: CheckedContinuation<Value?, Never>,
        _ state: inout State
    ) {
        // The cancellation handler may have run before the waiter was known.
        guard !state.isClosed, !Task.isCancelled else { return continuation.resume(returning: nil) }
        if state.calls[key] != nil {
            state.calls[key]?.waiters[waiter] = continuation
            return
        }
        let (lifeline, end) = AsyncStream.makeStream(of: Never.self)
        let id = state.nextID()
        state.calls[key] = Call(id: id, waiters: [waiter: continuation], lifeline: end)
        orders.continuation.yield(Order(key: key, id: id, lifeline: lifeline))
    }

    private func leave(_ key: Key, _ waiter: Int) {
        state.withLockedValue { state in
            guard let continuation = state.calls[key]?.waiters.removeValue(forKey: waiter) else { return }
            continuation.resume(returning: nil)
            guard state.calls[key]?.waiters.isEmpty == true else { return }
            state.calls.removeValue(forKey: key)?.lifeline.finish()
        }
    }

    /// How many wait for a call.
    func waiters(for key: Key) -> Int {
        state.withLockedValue { $0.calls[key]?.waiters.count ?? 0 }
    }

    /// Makes calls until the task is cancelled; those in flight are then cancelled too.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await order in orders.stream {
                group.addTask { await self.make(order) }
            }
        }
        let left = state.withLockedValue { state in
            state.isClosed = true
            defer { state.calls = [:] }
            return state.calls.values.flatMap(\.waiters.values)
        }
        for continuation in left { continuation.resume(returning: nil) }
    }

    private func make(_ order: Order) async {
        guard isWanted(order) else { return }
        let value = await withTaskGroup(of: Value?.self) { group in
            group.addTask { await self.operation(order.key) }
            group.addTask {
                for await _ in order.lifeline {}
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        let waiters = state.withLockedValue { state in
            guard state.calls[order.key]?.id == order.id else { return [CheckedContinuation<Value?, Never>]() }
            return Array(state.calls.removeValue(forKey: order.key)?.waiters.values ?? [:].values)
        }
        for continuation in waiters { continuation.resume(returning: value) }
    }

    private func isWanted(_ order: Order) -> Bool {
        state.withLockedValue { $0.calls[order.key]?.id == order.id }
    }
}
