public import Logging
public import MirrorStore
public import ServiceLifecycle

/// Verifies the whole mirror again and again, with a set share of the calls, and repairs what drifted.
public struct RollingVerification: Service {
    /// How long a round takes at least: a small mirror is not compared all the time.
    static let shortestRound: Double = 3600

    private let verifier: Verifier
    private let log: SyncLog
    private let callsPerSecond: Double
    private let now: @Sendable () -> Double
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - verifier: Compares.
    ///   - log: Keeps how far it has come.
    ///   - callsPerSecond: How many calls it may make, more than 0.
    ///   - now: Unix seconds by this machine's clock.
    ///   - clock: Counts the pauses.
    ///   - logger: Gets a line for each row that drifted.
    public init(
        verifier: Verifier,
        log: SyncLog,
        callsPerSecond: Double,
        now: @escaping @Sendable () -> Double,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.verifier = verifier
        self.log = log
        self.callsPerSecond = callsPerSecond
        self.now = now
        self.clock = clock
        self.logger = logger
    }

    /// Verifies until the service is shut down.
    public func run() async {
        await cancelWhenGracefulShutdown {
            var walk: Verifier.Walk?
            while !Task.isCancelled {
                let pause: Duration
                do throws(SyncError) {
                    pause = try await step(&walk)
                } catch {
                    if Task.isCancelled { return }
                    logger.warning("the verification is tried again", metadata: ["cause": "\(error)"])
                    walk = nil
                    pause = .seconds(60)
                }
                do {
                    try await clock.sleep(for: pause)
                } catch {
                    return
                }
            }
        }
    }

    /// Does the next part of a round.
    ///
    /// - Parameter current: The round under way; nil where it has to be looked up or begun.
    /// - Returns: How long to wait before the next part.
    /// - Throws: ``SyncError``; the part is done again.
    func step(_ current: inout Verifier.Walk?) async throws(SyncError) -> Duration {
        guard var walk = try await walk(current) else {
            // Not before the mirror is filled.
            return .seconds(10)
        }
        let (calls, drifts) = (walk.report.calls, walk.report.drifts.count)
        let isUnfinished = try await verifier.step(&walk, repairing: true)
        for drift in walk.report.drifts.dropFirst(drifts) {
            let fields = drift.fields.isEmpty ? "missing" : drift.fields.joined(separator: " ")
            logger.warning("a row had drifted", metadata: ["object": "\(drift.object.id)", "fields": "\(fields)"])
        }
        let pass = walk.pass
        guard isUnfinished else {
            try await SyncError.stored { () async throws(MirrorError) in try await log.finish(pass, at: now()) }
            current = nil
            // No longer than a round, even where the clock was set back.
            return .seconds(min(max(10, pass.beganAt + Self.shortestRound - now()), Self.shortestRound))
        }
        try await SyncError.stored { () async throws(MirrorError) in try await log.save(pass) }
        let made = walk.report.calls - calls
        current = walk
        return .seconds(Double(made) / callsPerSecond)
    }

    private func walk(_ current: Verifier.Walk?) async throws(SyncError) -> Verifier.Walk? {
        if let current {
            return current
        }
        return try await SyncError.stored { () async throws(MirrorError) in
            guard try await log.hasFinishedPass(.backfill) else { return nil }
            if let pass = try await log.unfinishedPass(.verification) {
                return Verifier.Walk(pass)
            }
            return Verifier.Walk(try await log.beginPass(.verification, at: now(), date: Int64(now())))
        }
    }
}
