public import Logging
public import MirrorStore
public import ServiceLifecycle

/// Ends a primary that another one has taken over from: it would write what nobody reads.
public struct Fence: Service {
    /// Another primary's claim on a later epoch.
    public struct Superseded: Error, Sendable, Hashable, CustomStringConvertible {
        /// The claim.
        public var claim: EpochClaim

        /// What happened and what to do.
        public var description: String {
            "the primary's on \(claim.host) has taken over with epoch \(claim.epoch); nothing is written here any more. "
                + "To follow it, move the mirror away, set PORTALD_ROLE=portal and start portald-follow"
        }
    }

    /// How often it is looked, in seconds: each look lists one folder of the replica.
    private static let interval: Duration = .seconds(30)

    private let claims: EpochClaims
    private let log: ReplicationLog
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - claims: Who the primaries are.
    ///   - store: The mirror, which knows its epoch.
    ///   - clock: Counts the pauses.
    ///   - logger: Gets a line when the replica cannot be asked, and when it can again.
    public init(
        claims: EpochClaims,
        store: MirrorStore,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.claims = claims
        log = ReplicationLog(store: store)
        self.clock = clock
        self.logger = logger
    }

    /// Looks until the service is shut down.
    ///
    /// - Throws: ``Superseded``.
    public func run() async throws {
        try await cancelWhenGracefulShutdown {
            var isFailing = false
            while !Task.isCancelled {
                do {
                    try await clock.sleep(for: Self.interval)
                } catch {
                    return
                }
                isFailing = try await look(wasFailing: isFailing)
            }
        }
    }

    /// Looks once; a replica that cannot be asked stops nobody, because webhooks have to be taken in whatever its state.
    ///
    /// - Parameter wasFailing: Whether it could not be asked the last time.
    /// - Returns: Whether it cannot be asked.
    /// - Throws: ``Superseded``, or ``MirrorError`` where the mirror cannot be read.
    @discardableResult
    public func look(wasFailing: Bool = false) async throws -> Bool {
        let epoch = try await log.state().epoch
        let successor: EpochClaim?
        do throws(EpochClaims.Refusal) {
            successor = try await claims.holder(of: epoch + 1)
        } catch {
            guard !Task.isCancelled else { return wasFailing }
            if !wasFailing {
                logger.warning(
                    "the replica cannot be asked whether another primary has taken over",
                    metadata: ["cause": "\(error)"]
                )
            }
            return true
        }
        if let successor { throw Superseded(claim: successor) }
        if wasFailing { logger.notice("the replica can be asked again whether another primary has taken over") }
        return false
    }
}
