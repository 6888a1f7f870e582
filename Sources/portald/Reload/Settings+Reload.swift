extension Settings {
    /// What the parts that run beside the public listener are made from: it changes with the next start only.
    static let fixed: Set<String> = [
        "STRIPE_SECRET_KEY", "STRIPE_API_BASE", "STRIPE_API_VERSION", "PORTALD_ADMIN_LISTEN", "PORTALD_DATABASE",
        "PORTALD_ENDPOINT_INTERVAL",
        "PORTALD_EVENT_RETENTION_DAYS", "PORTALD_LISTEN", "PORTALD_LITESTREAM", "PORTALD_LITESTREAM_CONFIG",
        "PORTALD_LOG_FORMAT", "PORTALD_MAX_STALENESS", "PORTALD_ROLE", "PORTALD_STALE", "PORTALD_STRIPE_RATE",
        "PORTALD_SWEEP_INTERVAL", "PORTALD_USER_METADATA_KEY", "PORTALD_VERIFY_SHARE", "PORTALD_WEBHOOK_URL",
    ]

    /// These settings, with all that a reload may change taken from others.
    func reloaded(from new: Settings) -> Settings {
        var settings = self
        settings.publishableKey = new.publishableKey
        settings.webhookSecrets = new.webhookSecrets
        settings.allowedOrigins = new.allowedOrigins
        settings.returnURL = new.returnURL
        settings.frontendBase = new.frontendBase
        settings.authentication = new.authentication
        settings.portalConfiguration = new.portalConfiguration
        settings.portalRate = new.portalRate
        settings.portalStatuses = new.portalStatuses
        settings.signatureTolerance = new.signatureTolerance
        settings.logLevel = new.logLevel
        return settings
    }
}
