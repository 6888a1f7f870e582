internal import NIOConcurrencyHelpers

/// Lets those who want the same at the same time share one call.
///
/// The first makes the call, in its own task; the others wait for it. Where the first is cancelled one of the others makes
/// the call anew.
final class SharedCalls<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private enum Turn: Sendable {
        case lead
        case shared(Value)
        case again
    }

    private let waiting = NIOLockedValueBox<[Key: [CheckedContinuation<Turn, Never>]]>([:])

    /// Waits for a call that is under way.
    ///
    /// - Returns: whether there was one, and it came to its end.
    func join(_ key: Key) async -> Bool {
        if case .shared = await turn(key, mayLead: false) { true } else { false }
    }

    /// The call's value.
    ///
    /// - Parameters:
    ///   - key: what is wanted.
    ///   - call: makes the call; nil where it was broken off because its task was cancelled.
    /// - Returns: the value; nil where the caller's own task was cancelled.
    func value(for key: Key, _ call: () async -> Value?) async -> Value? {
        while true {
            switch await turn(key, mayLead: true) {
            case .lead:
                let value = await call()
                let others = waiting.withLockedValue { $0.removeValue(forKey: key) } ?? []
                for other in others {
                    other.resume(returning: value.map(Turn.shared) ?? .again)
                }
                return value
            case .shared(let value):
                return value
            case .again:
                if Task.isCancelled { return nil }
            }
        }
    }

    /// Waits for the call that is under way; where there is none the caller's is the lead, if it may have it.
    private func turn(_ key: Key, mayLead: Bool) async -> Turn {
        await withCheckedContinuation { continuation in
            let isFirst = waiting.withLockedValue { waiting in
                guard waiting[key] != nil else {
                    if mayLead { waiting[key] = [] }
                    return true
                }
                waiting[key]?.append(continuation)
                return false
            }
            if isFirst { continuation.resume(returning: .lead) }
        }
    }
}
