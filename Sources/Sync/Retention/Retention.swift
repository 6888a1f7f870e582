public import Logging
public import MirrorStore
public import ServiceLifecycle

/// Removes what is no longer kept: payloads and answers after the set time, ids of events and edges later.
public struct Retention: Service {
    /// What was removed.
    public struct Report: Sendable, Hashable {
        /// Payloads of events.
        public var payloads: Int
        /// Notes of what users were answered.
        public var requests: Int
        /// Events, edges and history; nil where their time has not come.
        public var forgotten: MirrorPruner.Forgotten?
    }

    /// How often it is looked for what to remove.
    static let interval: Duration = .seconds(3600)
    /// Days for which ids of events are kept at least, since Stripe lists, and resends, events for 30.
    /// https://docs.stripe.com/api/events
    static let minimumMemory = 30
    /// Seconds by which this machine's time may be later than that of the last sweep.
    static let sweepMargin: Int64 = 86_400
    /// Days for which they are kept beyond that, so that clocks and late retries do not matter.
    static let memoryMargin = 5

    private let pruner: MirrorPruner
    private let log: SyncLog
    private let days: Int
    private let now: @Sendable () -> Double
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - store: The mirror.
    ///   - days: For how many days payloads are kept.
    ///   - now: Unix seconds by this machine's clock.
    ///   - clock: Counts the pauses.
    ///   - logger: Gets a line where something was removed, or could not be.
    public init(
        store: MirrorStore,
        days: Int,
        now: @escaping @Sendable () -> Double,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        pruner = MirrorPruner(store: store)
        log = SyncLog(store: store)
        self.days = days
        self.now = now
        self.clock = clock
        self.logger = logger
    }

    /// Removes what is due now.
    ///
    /// What is gone does not come back, so a clock that runs ahead of Stripe's, as of a machine that has just been
    /// started, does not count: the last sweep tells Stripe's time.
    ///
    /// - Parameter now: Unix seconds by this machine's clock.
    /// - Returns: What was removed.
    /// - Throws: ``MirrorError``; what was removed until then stays removed.
    public func pruneOnce(now: Double) async throws(MirrorError) -> Report {
        let now = min(now, try await log.sweeps().sweptTo.map { Double($0 + Self.sweepMargin) } ?? now)
        let payloads = try await pruner.removePayloads(receivedBefore: Self.time(days, before: now))
        let requests = try await pruner.removeRequests(answeredBefore: Self.time(days, before: now))
        _ = try await pruner.removeActivity(before: Int64(now) - Activity.memory)
        let memory = max(days, Self.minimumMemory) + Self.memoryMargin
        return Report(
            payloads: payloads,
            requests: requests,
            forgotten: try await pruner.forget(before: Self.time(memory, before: now))
        )
    }

    private static func time(_ days: Int, before now: Double) -> Int64 {
        Int64(now) - Int64(days) * 86_400
    }

    /// Removes what is due, at once and every hour, until the service is shut down.
    public func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await pruneAndTell()
                do {
                    try await clock.sleep(for: Self.interval)
                } catch {
                    break
                }
            }
        }
    }

    private func pruneAndTell() async {
        do throws(MirrorError) {
            let report = try await pruneOnce(now: now())
            let forgotten = report.forgotten ?? MirrorPruner.Forgotten()
            guard report.payloads > 0 || report.requests > 0 || !forgotten.isEmpty else { return }
            logger.info(
                "pruned",
                metadata: [
                    "payloads": "\(report.payloads)", "requests": "\(report.requests)",
                    "events": "\(forgotten.events)", "edges": "\(forgotten.edges)",
                    "history": "\(forgotten.history)",
                ]
            )
        } catch  where Task.isCancelled {
            // Broken off by the shutdown.
        } catch {
            logger.error("what is no longer kept could not be removed", metadata: ["cause": "\(error)"])
        }
    }
}
