public import Logging
public import MirrorStore

/// Runs Litestream on a primary, with the place in the replica that is its epoch's, for as long as it is the primary.
public struct Replicator: Sendable {
    /// How often it is looked whether Litestream gets on.
    private static let lookInterval: Duration = .seconds(30)

    /// How much longer than usual a change may go without being captured, in seconds: it may be at a snapshot.
    private static let patience: Double = 60

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
        let log = ReplicationLog(store: store)
        let began = now()
        var stall = Stall()
        while true {
            try await clock.sleep(for: Self.lookInterval)
            // Before its first capture it may be at a snapshot, which takes as long as the file is large.
            if let capturedAt = folder.capturedAt, capturedAt >= began,
                try await log.state().isMissed(byCaptureAt: capturedAt, patience: Self.patience)
            {
                throw LitestreamError.failed("it does not capture the mirror's changes any more")
            }
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
        if let holder, holder.token != state.claim { throw EpochClaims.Refusal.taken(holder) }
        let isReplicated = try await litestream.holds(.mirror(epoch: state.epoch))
        // Nothing is replicated before a claim stands.
        if holder != nil, isReplicated { return state.epoch }
        guard !isReplicated else { throw EpochClaims.Refusal.unclaimedMirror(epoch: state.epoch) }
        // The same one as elsewhere, so that the mirror is still this one's there.
        let claim = EpochClaim(epoch: state.epoch, host: host, at: now(), token: state.claim)
        // Before it stands in the replica, where it would be nobody's if this were cut short.
        if state.claim == nil { try await log.setClaim(claim.token) }
        do {
            try await claims.claim(claim, after: state.epoch)
        } catch {
            // One that was too slow may come to stand later, and must not be taken for one that was in time.
            if state.claim == nil { try await log.setClaim(nil) }
            throw error
        }
        // What was captured for another place is no beginning for this one.
        try LitestreamFolder(database: store.path).remove()
        return state.epoch
    }
}
