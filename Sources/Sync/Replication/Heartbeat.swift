public import Logging
public import MirrorStore
public import ServiceLifecycle

/// Has the primary say in the mirror, again and again, that it is alive.
///
/// Nodes that follow the mirror tell by it a replica that lags from a Stripe where nothing happens. It is also what shows
/// whether Litestream is at work: within an interval there is always a change to capture.
public struct Heartbeat: Service {
    private let log: ReplicationLog
    private let store: MirrorStore
    private let interval: Double
    private let folder: LitestreamFolder
    private let now: @Sendable () -> Double
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - store: The mirror.
    ///   - interval: Seconds between two signs of life.
    ///   - now: Unix seconds by this machine's clock.
    ///   - clock: Counts the pauses.
    ///   - logger: Gets a line when Litestream is seen at work, and when it no longer is.
    public init(
        store: MirrorStore,
        interval: Double,
        now: @escaping @Sendable () -> Double,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        log = ReplicationLog(store: store)
        self.store = store
        self.interval = interval
        folder = LitestreamFolder(database: store.path)
        self.now = now
        self.clock = clock
        self.logger = logger
    }

    /// Seconds between two signs for nodes that may lag for a time: some can be missed before that is over.
    public static func interval(lagLimit: Int64) -> Double { max(1, Double(lagLimit) / 6) }

    /// Gives signs until the service is shut down.
    public func run() async {
        await cancelWhenGracefulShutdown {
            var checkpoints = Checkpoints.sqlite
            var isFailing = false
            while !Task.isCancelled {
                do throws(MirrorError) {
                    checkpoints = try await beatOnce(after: checkpoints)
                    isFailing = false
                } catch {
                    if !isFailing, !Task.isCancelled {
                        logger.error("the primary's sign of life cannot be written", metadata: ["cause": "\(error)"])
                    }
                    isFailing = true
                }
                do {
                    try await clock.sleep(for: .seconds(interval))
                } catch {
                    break
                }
            }
        }
    }

    /// Gives one sign, and leaves checkpoints to Litestream where it is at work.
    ///
    /// - Parameter former: Who made checkpoints until now.
    /// - Returns: Who makes them from now on.
    /// - Throws: ``MirrorError`` where nothing was written.
    func beatOnce(after former: Checkpoints) async throws(MirrorError) -> Checkpoints {
        let now = now()
        let present = Checkpoints(
            capturedAt: folder.capturedAt,
            interval: interval,
            logBytes: store.logBytes,
            at: now
        )
        if present != former {
            try await store.set(present)
            switch present {
            case .litestream: logger.notice("Litestream replicates the mirror; checkpoints are left to it")
            case .sqlite:
                logger.warning(
                    "Litestream does not replicate the mirror any more; checkpoints are SQLite's again",
                    metadata: ["wal_bytes": "\(store.logBytes)"]
                )
            }
        }
        try await log.beat(at: now, every: interval)
        return present
    }
}
