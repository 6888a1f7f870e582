public import Logging
public import MirrorStore

/// Runs Litestream on a primary, with the place in the replica that is its epoch's, for as long as it is the primary.
public struct Replicator: Sendable {
    /// How often it is looked whether Litestream gets on.
    private static let lookInterval: Duration = .seconds(30)

    private let litestream: Litestream
    private let claims: EpochClaims
    private let store: MirrorStore
    private let host: String
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Double
    private let logger: Logger

    /// - Parameters:
    ///   - litestream: The program.
    ///   - store: The mirror.
    ///   - host: The name of this machine.
    ///   - now: Unix seconds by this machine's clock.
    ///   - clock: Counts the pauses.
    ///   - logger: Gets a line at the beginning.
    public init(
        litestream: Litestream,
        store: MirrorStore,
        host: String,
        now: @escaping @Sendable () -> Double,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.litestream = litestream
        claims = EpochClaims(litestream: litestream)
        self.store = store
        self.host = host
        self.now = now
        self.clock = clock
        self.logger = logger
    }

    /// Replicates until the task is cancelled.
    ///
    /// - Throws: ``Fence/Superseded``, ``EpochClaims/Refusal`` where the epoch is not this machine's, or
    ///   ``LitestreamError`` where Litestream ends by itself.
    public func run() async throws {
        let fence = Fence(claims: claims, store: store, logger: logger)
        // Before anything is written: what stands in the replica may be the only good copy.
        if let refusal = try await successor() { throw refusal }
        let epoch = try await hold()
        logger.notice("replicating", metadata: ["epoch": "\(epoch)"])
        try await withThrowingTaskGroup { group in
            group.addTask { try await litestream.replicate(store.path, to: .mirror(epoch: epoch)) }
            group.addTask { try await fence.run() }
            group.addTask { try await watch(epoch) }
            // Whichever ends first ends the other.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Ends a Litestream that does not get on: whoever started this starts it again.
    private func watch(_ epoch: Int) async throws {
        let folder = LitestreamFolder(database: store.path)
        var stall = Stall()
        while true {
            try await clock.sleep(for: Self.lookInterval)
            let replicated: String?
            do {
                replicated = try await litestream.position(of: .mirror(epoch: epoch))
            } catch {
                // Then Litestream cannot replicate either, and says so itself.
                replicated = nil
            }
            if stall.look(at: replicated, against: folder.position) {
                throw LitestreamError.failed("it does not replicate any more, though the replica can be reached")
            }
        }
    }

    private func successor() async throws -> Fence.Superseded? {
        let epoch = try await ReplicationLog(store: store).state().epoch
        return try await claims.holder(of: epoch + 1).map(Fence.Superseded.init)
    }

    /// Sees to it that the epoch is this mirror's, and returns it.
    private func hold() async throws -> Int {
        let log = ReplicationLog(store: store)
        let state = try await log.state()
        let holder = try await claims.holder(of: state.epoch)
        if let holder {
            guard holder.token == state.claim else { throw EpochClaims.Refusal.taken(holder) }
        } else {
            guard try await !litestream.holds(.mirror(epoch: state.epoch)) else {
                throw EpochClaims.Refusal.unclaimedMirror(epoch: state.epoch)
            }
            let claim = EpochClaim(epoch: state.epoch, host: host, at: now())
            try LitestreamFolder(database: store.path).remove()
            // Before it stands in the replica, where it would be nobody's if this were cut short.
            try await log.setClaim(claim.token)
            try await claims.claim(claim)
        }
        return state.epoch
    }
}
