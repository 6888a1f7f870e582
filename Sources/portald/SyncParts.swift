import Foundation
import Logging
import MirrorStore
import StripeClient
import Sync

/// What keeps the mirror current, made from the settings: for the daemon, and for commands that do a part of its work.
struct SyncParts {
    let writer: MirrorWriter
    let reads: ObjectReads
    let log: SyncLog
    let sweeper: Sweeper
    let backfill: Backfill
    let verifier: Verifier

    private let store: MirrorStore
    private let client: StripeClient
    private let settings: Settings
    private let logger: Logger

    init(
        settings: Settings,
        store: MirrorStore,
        client: StripeClient,
        metrics: MirrorWriterMetrics = MirrorWriterMetrics(),
        logger: Logger
    ) {
        self.store = store
        self.client = client
        self.settings = settings
        self.logger = logger
        writer = MirrorWriter(
            store: store,
            metadataKey: settings.userMetadataKey,
            livemode: settings.livemode,
            metrics: metrics
        )
        reads = ObjectReads(
            store: store,
            metadataKey: settings.userMetadataKey,
            livemode: settings.livemode,
            apiVersion: settings.apiVersion
        )
        log = SyncLog(store: store)
        sweeper = Sweeper(client: client, writer: writer, log: log, livemode: settings.livemode, now: Self.now)
        backfill = Backfill(client: client, reads: reads, log: log, now: Self.now)
        verifier = Verifier(client: client, reads: reads, sweeper: sweeper, now: Self.now)
    }

    var refresher: Refresher {
        Refresher(client: client, reads: reads, now: Self.now, logger: logger)
    }

    var synchronizer: Synchronizer {
        Synchronizer(
            backfill: backfill,
            sweeper: sweeper,
            log: log,
            interval: .seconds(settings.sweepInterval),
            now: Self.now,
            logger: logger
        )
    }

    var endpointWatch: EndpointWatch {
        EndpointWatch(
            expected: settings.expectedEndpoint,
            client: client,
            log: EndpointLog(store: store),
            interval: .seconds(settings.endpointInterval),
            now: Self.now,
            logger: logger
        )
    }

    var heartbeat: Heartbeat {
        Heartbeat(
            store: store,
            interval: Heartbeat.interval(lagLimit: settings.maxStaleness),
            now: Self.now,
            logger: logger
        )
    }

    var retention: Retention {
        Retention(store: store, days: settings.eventRetentionDays, now: Self.now, logger: logger)
    }

    var replay: EventReplay {
        EventReplay(log: eventLog, writer: writer, livemode: settings.livemode, client: client)
    }

    var eventLog: EventLog { EventLog(store: store) }

    /// Nil where the settings turn it off.
    var verification: RollingVerification? {
        let callsPerSecond = Double(settings.stripeRate * settings.verifyShare) / 100
        guard callsPerSecond > 0 else { return nil }
        return RollingVerification(
            verifier: verifier,
            log: log,
            callsPerSecond: callsPerSecond,
            now: Self.now,
            logger: logger
        )
    }

    /// Unix seconds by this machine's clock.
    static let now: @Sendable () -> Double = { Date.now.timeIntervalSince1970 }
}

extension StripeClient {
    /// The client of the account that the settings name.
    init(
        _ settings: Settings,
        transport: CurlTransport,
        limiter: RateLimiter? = nil,
        metrics: StripeClientMetrics = StripeClientMetrics(),
        logger: Logger = .silent
    ) {
        self.init(
            apiKey: settings.secretKey,
            apiBase: settings.apiBase,
            apiVersion: settings.apiVersion,
            userAgent: Version.userAgent,
            transport: transport,
            limiter: limiter ?? RateLimiter(rate: Double(settings.stripeRate)),
            metrics: metrics,
            logger: logger
        )
    }
}
