/// Settings that look like the program's own but are not: a misspelled check would be no check at all.
enum UnknownSettings {
    private static let known: Set<String> = [
        "PORTALD_ADMIN_LISTEN", "PORTALD_ALLOWED_ORIGINS", "PORTALD_DATABASE", "PORTALD_EVENT_RETENTION_DAYS",
        "PORTALD_JWT_AUDIENCE", "PORTALD_JWT_ISSUER", "PORTALD_JWT_PUBLIC_KEY", "PORTALD_JWT_REQUIRED_CLAIMS",
        "PORTALD_JWT_SECRET", "PORTALD_JWT_USER_CLAIM", "PORTALD_LISTEN", "PORTALD_LOG_LEVEL",
        "PORTALD_PORTAL_CONFIGURATION", "PORTALD_PORTAL_RATE", "PORTALD_PORTAL_STATUSES", "PORTALD_RETURN_PATH",
        "PORTALD_SIGNATURE_TOLERANCE", "PORTALD_STRIPE_RATE", "PORTALD_SWEEP_INTERVAL", "PORTALD_USER_METADATA_KEY",
        "PORTALD_VERIFY_SHARE",
    ]

    static func names(among names: Set<String>) -> [String] {
        names.filter { $0.hasPrefix("PORTALD_") && !known.contains($0) }.sorted()
    }
}
