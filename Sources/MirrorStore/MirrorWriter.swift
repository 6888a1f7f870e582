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
    /// How many of them come from one caller at most, so that webhooks do not wait for a sweep.
    static let maximumShare = 64

    private typealias Commit = Result<[Outcome], MirrorError>

    private struct Waiting: Sendable {
        var deliveries: [Delivery]
        var continuation: CheckedContinuation<Commit, Never>
    }

    private struct Inbox {
        var waiting: [Waiting] = []
        var isClosed = false

        /// Takes out those that came first, as many as share a transaction.
        mutating func takeBatch() -> [Waiting] {
            var deliveries = 0
            let batch = Array(
                waiting.prefix {
                    deliveries += $0.deliveries.count
                    return deliveries <= MirrorWriter.maximumBatch
                }
            )
            waiting.removeFirst(batch.count)
            return batch
        }
    }

    private let store: MirrorStore
    private let metadataKey: String
    private let livemode: Bool
    private let metrics: MirrorWriterMetrics
    private let inbox = NIOLockedValueBox(Inbox())
    private let arrivals = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - store: The mirror.
    ///   - metadataKey: The key of `metadata` that holds the operator's own id of the user.
    ///   - livemode: The mode of the mirror.
    ///   - metrics: Counts what is written.
    public init(
        store: MirrorStore,
        metadataKey: String,
        livemode: Bool,
        metrics: MirrorWriterMetrics = MirrorWriterMetrics()
    ) {
        self.store = store
        self.metadataKey = metadataKey
        self.livemode = livemode
        self.metrics = metrics
    }

    /// Writes a delivery; when this returns, it is on disk.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func commit(_ delivery: Delivery) async throws(MirrorError) -> Outcome {
        try await enqueue([delivery])[0]
    }

    /// Writes deliveries in their order; when this returns, they are on disk.
    ///
    /// - Returns: What became of each.
    /// - Throws: ``MirrorError`` where one part of them was not written.
    public func commit(_ deliveries: [Delivery]) async throws(MirrorError) -> [Outcome] {
        var outcomes: [Outcome] = []
        while outcomes.count < deliveries.count {
            outcomes += try await enqueue(Array(deliveries.dropFirst(outcomes.count).prefix(Self.maximumShare)))
        }
        return outcomes
    }

    private func enqueue(_ deliveries: [Delivery]) async throws(MirrorError) -> [Outcome] {
        let result = await withCheckedContinuation { continuation in
            let isClosed = inbox.withLockedValue { inbox in
                if !inbox.isClosed {
                    inbox.waiting.append(Waiting(deliveries: deliveries, continuation: continuation))
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
    public var waitingCount: Int { inbox.withLockedValue { $0.waiting.reduce(0) { $0 + $1.deliveries.count } } }

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
            let batch = inbox.withLockedValue { inbox in inbox.takeBatch() }
            guard !batch.isEmpty else { return }
            let start = ContinuousClock.now
            do throws(MirrorError) {
                let deliveries = batch.flatMap(\.deliveries)
                var outcomes = try await write(deliveries)[...]
                metrics.committed(deliveries, outcomes, in: .now - start)
                store.arrivals.announce(deliveries.flatMap(\.ids))
                for waiting in batch {
                    waiting.continuation.resume(returning: .success(Array(outcomes.prefix(waiting.deliveries.count))))
                    outcomes.removeFirst(waiting.deliveries.count)
                }
            } catch {
                metrics.failed(in: .now - start)
                for waiting in batch {
                    waiting.continuation.resume(returning: .failure(error))
                }
            }
        }
    }

    private func write(_ deliveries: [Delivery]) async throws(MirrorError) -> [Outcome] {
        try await store.write { [metadataKey, livemode] db in
            let transaction = DeliveryTransaction(
                objects: ObjectTransaction(db: db, metadataKey: metadataKey, livemode: livemode)
            )
            let outcomes = try deliveries.map { try Self.apply($0, in: transaction) }
            try ActivityTable(db: db).add(deliveries, outcomes: outcomes)
            try WebhookSecretTable(db: db).markUsed(by: deliveries)
            // What the operator sends again says nothing of Stripe.
            if let heardAt = deliveries.filter({ $0.source != .replay }).map(\.receivedAt).max() {
                try SyncStateTable(db: db).markHeard(at: heardAt)
            }
            return outcomes
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
