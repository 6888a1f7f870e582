public import Logging
public import MirrorStore
public import ServiceLifecycle
internal import Stripe
public import StripeClient

/// Reads from Stripe what events alone could not settle: one `GET` for each object, after its grace.
///
/// What is due stands in the mirror's file, so nothing is forgotten by a restart, and events of one object that wait
/// together are settled by one read.
public struct Refresher: Service {
    /// How many objects are read at a time; the rate of the calls is the client's concern.
    static let maximumInFlight = 16
    /// How often the mirror is asked what is due.
    static let interval: Duration = .milliseconds(500)
    /// Under this name failures that meet all objects are counted; none has it.
    private static let all = "all objects"

    private let fetcher: ObjectFetcher
    private let reads: ObjectReads
    private let now: @Sendable () -> Double
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - client: Calls Stripe.
    ///   - reads: The mirror's side of reads.
    ///   - now: Unix seconds by this machine's clock.
    ///   - clock: Counts the pauses between looks at what is due.
    ///   - logger: Gets a line for each read that fails.
    public init(
        client: StripeClient,
        reads: ObjectReads,
        now: @escaping @Sendable () -> Double,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        fetcher = ObjectFetcher(client: client, reads: reads, now: now)
        self.reads = reads
        self.now = now
        self.clock = clock
        self.logger = logger
    }

    /// What became of the read of one object.
    enum Result: Sendable {
        case finished(ObjectRead.Outcome)
        case failed(SyncError)
    }

    private enum Signal: Sendable {
        case tick
        case done(ObjectReference, Result)
    }

    /// Reads what is due until the service is shut down; reads in flight are then broken off, and begun anew at the start.
    public func run() async {
        await cancelWhenGracefulShutdown {
            let (signals, continuation) = AsyncStream.makeStream(of: Signal.self)
            await withDiscardingTaskGroup { group in
                group.addTask { await tick(continuation) }
                var inFlight: Set<ObjectReference> = []
                var backoff = RefreshBackoff()
                var lastTick = now()
                var ticksToRest = 0
                await resume(at: lastTick)
                for await signal in signals {
                    switch signal {
                    case .done(let object, .failed(let error)) where error.isOfAllObjects:
                        inFlight.remove(object)
                        if ticksToRest == 0 {
                            let pause = backoff.pause(for: Self.all, isTransient: error.isTransient)
                            ticksToRest = Self.ticks(pause)
                            await rest(object, pause, error)
                        }
                    case .done(let object, let result):
                        inFlight.remove(object)
                        await settle(object, result, &backoff)
                    case .tick:
                        ticksToRest = max(0, ticksToRest - 1)
                        if now() < lastTick {
                            // The clock was set back: what came in by the old time would never be due.
                            await resume(at: now())
                        }
                    }
                    lastTick = now()
                    guard ticksToRest == 0 else { continue }
                    for object in await due(beside: inFlight) {
                        inFlight.insert(object)
                        group.addTask { continuation.yield(.done(object, await refresh(object))) }
                    }
                }
            }
        }
    }

    /// Reads the objects that are due now, once: the ``maximumInFlight`` longest due.
    ///
    /// - Returns: How many were read.
    @discardableResult
    public func refreshOnce() async -> Int {
        await refreshDue().count
    }

    private func refreshDue() async -> [Result] {
        let objects = await due(beside: [])
        return await withTaskGroup(of: (ObjectReference, Result).self) { group in
            for object in objects {
                group.addTask { (object, await refresh(object)) }
            }
            var backoff = RefreshBackoff()
            var results: [Result] = []
            for await (object, result) in group {
                await settle(object, result, &backoff)
                results.append(result)
            }
            return results
        }
    }

    /// Reads what waits now, each when its grace has passed.
    ///
    /// What comes in later, or cannot be read and is put off, is left: else this would not end beside live traffic, or
    /// where Stripe is down.
    ///
    /// - Returns: Whether nothing waits any more.
    /// - Throws: ``SyncError`` where the mirror cannot be read or written, or the task is cancelled.
    public func settle() async throws(SyncError) -> Bool {
        let end = now() + 2 * FastForward.grace
        while true {
            let due = try await SyncError.stored { () async throws(MirrorError) in try await reads.nextDue() }
            guard let due else { return true }
            guard due < end else { return false }
            do {
                try await clock.sleep(for: .seconds(max(0, due - now())))
            } catch {
                throw .call(.cancelled(attempts: 0))
            }
            for case .failed(.store(let error)) in await refreshDue() {
                throw .store(error)
            }
        }
    }

    private static func ticks(_ seconds: Double) -> Int { Int(Duration.seconds(seconds) / interval) }

    private func tick(_ continuation: AsyncStream<Signal>.Continuation) async {
        do {
            while true {
                continuation.yield(.tick)
                try await clock.sleep(for: Self.interval)
            }
        } catch {
            // Cancelled.
            continuation.finish()
        }
    }

    private func due(beside inFlight: Set<ObjectReference>) async -> [ObjectReference] {
        let free = Self.maximumInFlight - inFlight.count
        guard free > 0 else { return [] }
        do {
            // Those in flight are still due.
            let due = try await reads.due(at: now(), limit: Self.maximumInFlight)
            return Array(due.filter { !inFlight.contains($0) }.prefix(free))
        } catch {
            report("cannot read what is due", error)
            return []
        }
    }

    private func refresh(_ object: ObjectReference) async -> Result {
        do throws(SyncError) {
            let reply = try await fetcher.fetch(object, lane: .refresh)
            do {
                return .finished(try await reads.finish(reply, for: .refresh, at: now()))
            } catch {
                throw .store(error)
            }
        } catch {
            return .failed(error)
        }
    }

    private func settle(_ object: ObjectReference, _ result: Result, _ backoff: inout RefreshBackoff) async {
        switch result {
        case .finished(.dropped):
            // An event came in meanwhile, and its own grace runs. Where that goes on, the reads need not be as many.
            let pause = backoff.pause(for: object.id, isTransient: true)
            if pause > FastForward.grace {
                await postpone(object, by: pause, because: "events came in while it was read")
            }
        case .finished:
            backoff.reset(object.id)
            backoff.reset(Self.all)
        case .failed(let error) where error.isCancellation:
            break
        case .failed(let error):
            let pause = backoff.pause(for: object.id, isTransient: error.isTransient)
            logger.warning(
                "an object could not be read from Stripe; it is tried again",
                metadata: ["object": "\(object.id)", "seconds": "\(Int(pause))", "cause": "\(error)"]
            )
            await postpone(object, by: pause, because: "\(error)")
        }
    }

    /// Says why nothing is read for a while.
    ///
    /// What cannot be written cannot be put off either: without a rest it would be read again at once.
    private func rest(_ object: ObjectReference, _ seconds: Double, _ error: SyncError) async {
        guard !error.isCancellation else { return }
        logger.error(
            "objects cannot be read; reads rest",
            metadata: ["seconds": "\(Int(seconds))", "cause": "\(error)"]
        )
        if case .call = error {
            await postpone(object, by: seconds, because: "\(error)")
        }
    }

    private func postpone(_ object: ObjectReference, by seconds: Double, because reason: String) async {
        do {
            try await reads.postpone(object.id, until: now() + seconds, because: reason)
        } catch {
            report("cannot put a read off", error)
        }
    }

    private func resume(at now: Double) async {
        do {
            try await reads.resume(at: now)
        } catch {
            report("cannot resume what waits", error)
        }
    }

    /// Being stopped is no error.
    private func report(_ what: Logger.Message, _ error: MirrorError) {
        guard error != .stopped else { return }
        logger.error(what, metadata: ["cause": "\(error)"])
    }
}
