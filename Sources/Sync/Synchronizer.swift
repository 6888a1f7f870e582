public import Logging
public import MirrorStore
public import ServiceLifecycle

/// Fills the mirror where it has to be filled, and then sweeps it at an interval.
public struct Synchronizer: Service {
    private let backfill: Backfill
    private let sweeper: Sweeper
    private let log: SyncLog
    private let interval: Duration
    private let now: @Sendable () -> Double
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - backfill: Fills the mirror.
    ///   - sweeper: Asks for events.
    ///   - log: Knows how far both have come.
    ///   - interval: The time between two sweeps.
    ///   - now: Unix seconds by this machine's clock.
    ///   - clock: Counts the pauses.
    ///   - logger: Gets a line for what was found, and for what failed.
    public init(
        backfill: Backfill,
        sweeper: Sweeper,
        log: SyncLog,
        interval: Duration,
        now: @escaping @Sendable () -> Double,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.backfill = backfill
        self.sweeper = sweeper
        self.log = log
        self.interval = interval
        self.now = now
        self.clock = clock
        self.logger = logger
    }

    /// Keeps the mirror current until the service is shut down.
    public func run() async {
        await cancelWhenGracefulShutdown {
            var failures = 0
            while !Task.isCancelled {
                do throws(SyncError) {
                    try await synchronizeOnce()
                    failures = 0
                } catch {
                    if Task.isCancelled { return }
                    failures += 1
                    logger.warning(
                        "the mirror could not be synchronized; it is tried again",
                        metadata: ["cause": "\(error)"]
                    )
                }
                await wait(failures == 0 ? interval : min(interval, .seconds(1 << min(failures, 8))))
            }
        }
    }

    /// Fills the mirror where that is needed, and sweeps it.
    ///
    /// - Throws: ``SyncError``; what was brought in until then stays.
    public func synchronizeOnce() async throws(SyncError) {
        if let reason = try await reasonToFill() {
            logger.notice("the mirror is filled from Stripe", metadata: ["reason": "\(reason)"])
            let pass = try await backfill.run { progress in report(progress) }
            logger.notice(
                "the mirror is filled",
                metadata: [
                    "customers": "\(pass.customers)", "subscriptions": "\(pass.subscriptions)",
                    "seconds": "\(Int(now() - pass.beganAt))",
                ]
            )
        }
        guard let report = try await sweeper.sweepOnce() else { return }
        for id in report.unreadable {
            logger.error("Stripe lists an event that cannot be read", metadata: ["event": "\(id)"])
        }
        if report.missed > 0 {
            logger.notice(
                "the sweep found events that no webhook had brought",
                metadata: [
                    "missed": "\(report.missed)", "listed": "\(report.listed)",
                    "stripe_request": "\(report.requestID ?? "none")",
                ]
            )
        }
    }

    /// Why the mirror has to be filled; nil where sweeps suffice.
    private func reasonToFill() async throws(SyncError) -> String? {
        try await SyncError.stored { () async throws(MirrorError) in
            if let pass = try await log.unfinishedPass(.backfill) {
                return "an earlier backfill was broken off among the \(pass.stage.rawValue)"
            }
            guard let sweptTo = try await log.sweeps().sweptTo, try await log.hasFinishedPass(.backfill) else {
                return "it never was"
            }
            let days = Int((now() - Double(sweptTo)) / 86_400)
            return now() - Double(sweptTo) > Double(Sweeper.reach)
                ? "the last sweep was \(days) days ago, and Stripe lists events of 30 days" : nil
        }
    }

    private func report(_ progress: PassProgress) {
        for id in progress.unreadable {
            logger.warning(
                "an object could not be read from Stripe and is left as it is",
                metadata: ["object": "\(id)"]
            )
        }
        let pages = (progress.pass.customers + progress.pass.subscriptions) / 100
        if pages > 0, pages.isMultiple(of: 100) {
            logger.info(
                "the mirror is being filled",
                metadata: [
                    "customers": "\(progress.pass.customers)", "subscriptions": "\(progress.pass.subscriptions)",
                ]
            )
        }
    }

    /// Waits for the next sweep, or until one is asked for.
    private func wait(_ duration: Duration) async {
        var left = duration
        do {
            while left > .zero {
                let part = min(left, .seconds(1))
                try await clock.sleep(for: part)
                left -= part
                if try await log.sweeps().isRequested {
                    return
                }
            }
        } catch is CancellationError {
            return
        } catch {
            logger.error("cannot read whether a sweep is asked for", metadata: ["cause": "\(error)"])
        }
    }
}
