/// A fixed number of slots for work under way, with one task that waits for a free one.
final class AsyncSlots: Sendable {
    private let free: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init(_ count: Int) {
        (free, continuation) = AsyncStream.makeStream()
        for _ in 0..<max(1, count) { continuation.yield() }
    }

    /// Waits for a slot.
    ///
    /// - Returns: False where the task was cancelled instead.
    func take() async -> Bool {
        var iterator = free.makeAsyncIterator()
        return await iterator.next() != nil
    }

    func giveBack() {
        continuation.yield()
    }
}
