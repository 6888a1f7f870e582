import MirrorStore
import Portal
import Sync
import Web

/// What the public listener answers with, from the settings in force: the rest is the same from start to end.
struct PublicParts: Sendable {
    let store: MirrorStore
    /// Nil where the mirror is another machine's.
    let writer: MirrorWriter?
    let calls: PortalCalls
    /// Nil where the mirror is another machine's.
    let journal: RequestJournal?
    let arrivals: ArrivalWatch
    let metrics: DaemonMetrics
    /// Endpoints beside the contract's.
    let further: [Endpoint]

    func api(_ settings: Settings, authenticator: Authenticator, limiter: PortalRateLimiter) -> PublicAPI {
        PublicAPI(
            intake: writer.map { writer in
                WebhookIntake(
                    secrets: settings.webhookSecrets,
                    tolerance: settings.signatureTolerance,
                    livemode: settings.livemode,
                    writer: writer,
                    metrics: metrics.intake
                )
            },
            authenticator: authenticator,
            portal: BillingPortal(
                reader: MirrorReader(store: store),
                calls: calls,
                limiter: limiter,
                allowedStatuses: settings.portalStatuses,
                returnURLs: ReturnURLs(
                    base: settings.frontendBase,
                    fallback: settings.returnURL,
                    origins: settings.allowedOrigins
                ),
                configuration: settings.portalConfiguration,
                lagLimit: settings.role == .portal && settings.stale == .refuse
                    ? LagLimit(seconds: Double(settings.maxStaleness), now: SyncParts.now) : nil,
                metrics: metrics.portal
            ),
            arrivals: arrivals,
            journal: journal,
            publishableKey: settings.publishableKey,
            allowedOrigins: settings.allowedOrigins,
            metrics: metrics.requests,
            further: further
        )
    }
}
