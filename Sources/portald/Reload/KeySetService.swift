import Portal
import ServiceLifecycle

/// Keeps the issuer's key set that is in force fresh: after a reload that may be another one, or none.
final class KeySetService: Service {
    private let keySets = AsyncStream.makeStream(of: JSONWebKeySetCache?.self, bufferingPolicy: .bufferingNewest(1))

    init(_ keySet: JSONWebKeySetCache?) {
        keySets.continuation.yield(keySet)
    }

    /// Lets the one that is kept fresh go, and keeps another.
    func replace(with keySet: JSONWebKeySetCache?) {
        keySets.continuation.yield(keySet)
    }

    /// Keeps it fresh until the service is shut down.
    func run() async {
        await cancelWhenGracefulShutdown {
            var iterator = self.keySets.stream.makeAsyncIterator()
            var next = await iterator.next()
            while case .some(let keySet) = next {
                next = await withTaskGroup { group in
                    if let keySet {
                        group.addTask { await keySet.run() }
                    }
                    let next = await iterator.next()
                    group.cancelAll()
                    return next
                }
            }
        }
    }
}
