import Foundation
import Logging
import MirrorStore
import Portal
import Replica
import ServiceLifecycle
import Stripe
import StripeClient
import Sync
import UnixSignals
import Web

/// The composition root: makes every part of the daemon from the settings, and runs them together.
struct Daemon {
    let settings: Settings
    let logger: Logger
    /// Endpoints beside the contract's.
    var further: [Endpoint] = []
    /// Services that run as long as the daemon, and stop before it does.
    var companions: [any Service] = []
    /// Who has started the daemon.
    var manager = ServiceManager()
    /// Where a reload comes from; nil where there is none.
    var reload: ReloadSource?
    var onListening: @Sendable (ListenAddress) async -> Void = { _ in }

    /// Runs until SIGTERM or SIGINT; then requests in flight are finished and the mirror is closed.
    ///
    /// - Throws: What keeps the daemon from starting, or stops it.
    func run() async throws {
        let store = try openStore()
        let fence = try fence(store)
        try await fence?.look()
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        let metrics = DaemonMetrics(at: SyncParts.now())
        let limiter = RateLimiter(rate: Double(settings.stripeRate))
        let client = StripeClient(
            settings,
            transport: transport,
            limiter: limiter,
            metrics: metrics.client,
            logger: logger
        )
        let authentication = try await AuthenticationParts(settings: settings, transport: transport, logger: logger)
        // What writes to the mirror is the primary's alone.
        let isPrimary = settings.role == .primary
        let sync =
            isPrimary
            ? SyncParts(settings: settings, store: store, client: client, metrics: metrics.writer, logger: logger) : nil
        try await sync?.log.setAPIVersion(settings.apiVersion)
        try await sync?.log.setWebhookSecrets(settings.webhookSecrets.map(\.fingerprint))
        let journal = isPrimary ? RequestJournal(log: AnsweredRequestLog(store: store), logger: logger) : nil
        let calls = PortalCalls(client: client, reads: sync?.reads, now: SyncParts.now, logger: logger)
        let parts = PublicParts(
            store: store,
            writer: sync?.writer,
            calls: calls,
            journal: journal,
            arrivals: ArrivalWatch(store: store),
            metrics: metrics,
            further: further
        )
        let portalLimiter = PortalRateLimiter(rate: settings.portalRate)
        let api = parts.api(settings, authenticator: authentication.authenticator, limiter: portalLimiter)
        let responder = ReplaceableResponder(api.buildResponder(logger: logger))
        let (bound, listening) = AsyncStream.makeStream(of: Void.self)
        let listener = HTTPListener(
            socket: manager.sockets.publicSocket.map { .inherited($0) } ?? .address(settings.listen),
            responder: responder,
            logger: logger,
            onListening: { address in
                listening.yield()
                await onListening(address)
            }
        )
        var adminLogger = logger
        adminLogger[metadataKey: "listener"] = "admin"
        let admin = HTTPListener(
            socket: manager.sockets.adminSocket.map { .inherited($0) } ?? .address(settings.adminListen),
            responder: try AdminAPI(
                store: store,
                sweepInterval: settings.sweepInterval,
                lagLimit: isPrimary ? nil : Double(settings.maxStaleness),
                now: SyncParts.now,
                metrics: metrics.page(store: store, writer: sync?.writer, limiter: limiter, calls: calls)
            ).buildResponder(),
            logger: adminLogger,
            onListening: { _ in listening.yield() }
        )
        let report = report(SyncLog(store: store), bound)
        let keySets = KeySetService(authentication.keySet)
        let reloader = reload.map { source in
            Reloader(
                source: source,
                initial: Reloader.InForce(
                    settings: settings,
                    authentication: authentication,
                    limiter: portalLimiter,
                    snapshot: source.started
                ),
                transport: transport,
                keySets: keySets,
                report: report,
                log: sync?.log,
                replace: { new in
                    let authenticator = new.authentication.authenticator
                    let api = parts.api(new.settings, authenticator: authenticator, limiter: new.limiter)
                    responder.replace(with: api.buildResponder(logger: logger))
                },
                logger: logger
            )
        }
        let services: [(any Service)?] = [
            sync?.writer, journal, sync?.retention, sync?.refresher, sync?.synchronizer, sync?.verification,
            sync?.endpointWatch, sync?.heartbeat, fence, isPrimary ? nil : FollowedChanges(store: store), keySets,
            calls,
            watchdog(store), admin, listener, report, reloader,
        ]
        // Stopped in reverse: no request is taken in any more before the writer commits the last.
        var group = ServiceGroupConfiguration(
            services: services.compactMap(\.self) + companions,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger.quiet
        )
        group.maximumGracefulShutdownDuration = .seconds(20)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            try store.close()
            throw error
        }
        try store.close()
        logger.notice("stopped")
    }

    private func openStore() throws -> MirrorStore {
        guard settings.role == .primary else {
            return MirrorStore.openFollowed(path: settings.database, livemode: settings.livemode)
        }
        let start = StartExtension(notification: manager.notification, logger: logger)
        try start.during("Looking for damage in the mirror.") { try checkFile() }
        let (store, migrations) = try start.during("Opening the mirror.") {
            try MirrorStore.open(path: settings.database)
        }
        for migration in migrations {
            logger.notice("migrated", metadata: ["migration": "\(migration)"])
        }
        try store.requireMode(livemode: settings.livemode)
        return store
    }

    /// Nil where no replica is named, and on a node, which writes nothing anyway.
    private func fence(_ store: MirrorStore) throws -> Fence? {
        guard settings.role == .primary, let path = settings.litestreamConfig else { return nil }
        let configuration = try LitestreamConfiguration(path: path)
        let litestream = Litestream(program: settings.litestream, configuration: configuration, logger: logger)
        return Fence(claims: EpochClaims(litestream: litestream), store: store, logger: logger)
    }

    private func watchdog(_ store: MirrorStore) -> Watchdog? {
        guard let notification = manager.notification, let interval = manager.watchdogInterval else { return nil }
        return Watchdog(
            interval: interval,
            check: settings.role == .primary ? store.checkReadsAndWrites : store.checkReads,
            ping: { try notification.send([.watchdog]) },
            logger: logger
        )
    }

    private func report(_ log: SyncLog, _ bound: AsyncStream<Void>) -> StateReport? {
        manager.notification.map { notification in
            StateReport(
                notification: notification,
                log: log,
                listening: bound,
                listenerCount: 2,
                mode: settings.livemode ? "live mode" : "test mode",
                logger: logger
            )
        }
    }

    /// Refuses a damaged file; a very long one is left to `portald doctor`, so that a start takes seconds.
    private func checkFile() throws {
        let length = MirrorCheck.length(of: settings.database)
        guard length > 0 else { return }
        guard length <= MirrorCheck.startLimit else {
            logger.notice(
                "the file is too long to look for damage at start; 'portald doctor' does",
                metadata: ["database": "\(settings.database)", "bytes": "\(length)"]
            )
            return
        }
        do throws(MirrorError) {
            try MirrorCheck.run(on: settings.database)
        } catch {
            // Whatever else is wrong, opening it for writing says better.
            guard case .damaged = error else { return }
            throw error
        }
    }
}
