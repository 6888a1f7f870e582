internal import GRDB
internal import NIOConcurrencyHelpers
public import ServiceLifecycle

/// The mirror's one writer: all deliveries that wait share one transaction, and so one wait for the disk.
///
/// Each delivery has an outcome of its own: one that cannot be applied is rolled back alone, to a savepoint, and kept
/// with its error. Where the transaction as a whole cannot be committed, every delivery in it fails, and Stripe sends
/// them again.
public final class MirrorWriter: Service, Sendable {
    /// How many deliveries share a transaction at most, so that the first of them does not wait for long.
    static let maximumBatch = 256

    private struct Waiting: Sendable {
        var delivery: Delivery
        var continuation: CheckedContinuation<Result<Outcome, MirrorError>, Never>
    }

    private struct Inbox {
        var waiting: [Waiting] = []
        var isClosed = false
    }

    private let store: MirrorStore
    private let metadataKey: String
    private let livemode: Bool
    private let inbox = NIOLockedValueBox(Inbox())
    private let arrivals = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - store: The mirror.
    ///   - metadataKey: The key of `metadata` that holds the operator's own id of the user.
    ///   - livemode: The mode of the mirror.
    public init(store: MirrorStore, metadataKey: String, livemode: Bool) {
        self.store = store
        self.metadataKey = metadataKey
        self.livemode = livemode
    }

    /// Writes a delivery; when this returns, it is on disk.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func commit(_ delivery: Delivery) async throws(MirrorError) -> Outcome {
        let result = await withCheckedContinuation { continuation in
            let isClosed = inbox.withLockedValue { inbox in
                if !inbox.isClosed {
                    inbox.waiting.append(Waiting(delivery: delivery, continuation: continuation))
                }
                return inbox.isClosed
            }
            if isClosed {
                continuation.resume(returning: .failure(MirrorError.stopped))
            } else {
                arrivals.continuation.yield()
            }
        }
        return try result.get()
    }

    /// How many deliveries wait to be committed.
    var waitingCount: Int { inbox.withLockedValue { $0.waiting.count } }

    /// Commits what comes in, until the service is shut down and all that came in is committed.
    public func run() async {
        await withGracefulShutdownHandler {
            for await _ in arrivals.stream {
                await commitWaiting()
            }
        } onGracefulShutdown: {
            self.inbox.withLockedValue { $0.isClosed = true }
            self.arrivals.continuation.finish()
        }
        inbox.withLockedValue { $0.isClosed = true }
        await commitWaiting()
    }

    private func commitWaiting() async {
        while true {
            let batch = inbox.withLockedValue { inbox in
                let batch = Array(inbox.waiting.prefix(Self.maximumBatch))
                inbox.waiting.removeFirst(batch.count)
                return batch
            }
            guard !batch.isEmpty else { return }
            let results = await commit(batch.map(\.delivery))
            for (waiting, result) in zip(batch, results) {
                waiting.continuation.resume(returning: result)
            }
        }
    }

    private func commit(_ deliveries: [Delivery]) async -> [Result<Outcome, MirrorError>] {
        do {
            let outcomes = try await store.pool.write { [metadataKey, livemode] db in
                let transaction = DeliveryTransaction(
                    objects: ObjectTransaction(db: db, metadataKey: metadataKey, livemode: livemode)
                )
                return try deliveries.map { try Self.apply($0, in: transaction) }
            }
            return outcomes.map { .success($0) }
        } catch {
            let error = MirrorError(error)
            return deliveries.map { _ in .failure(error) }
        }
    }

    private static func apply(_ delivery: Delivery, in transaction: DeliveryTransaction) throws -> Outcome {
        var outcome = Outcome.failed
        var cause: (any Error)?
        try transaction.objects.db.inSavepoint {
            do {
                outcome = try transaction.apply(delivery)
                return .commit
            } catch  where !isFaultOfTheStore(error) {
                cause = error
                return .rollback
            }
        }
        if let cause {
            try transaction.keep(delivery, failedWith: "\(MirrorError(cause))")
        }
        return outcome
    }

    /// Whether an error is of the disk or the file, not of the one event: then nothing of the batch can be promised.
    private static func isFaultOfTheStore(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        switch error.resultCode {
        case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_RANGE, .SQLITE_TOOBIG: return false
        default: return true
        }
    }
}
