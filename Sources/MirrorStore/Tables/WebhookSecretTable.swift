internal import GRDB

/// `webhook_secrets`: which signing secrets are configured, and when each was last used.
struct WebhookSecretTable {
    private struct Times {
        var used: Int64 = .min
        var needed: Int64?
    }

    /// Statements by what they do; a test reads their query plans.
    enum SQL {
        static let markUsed = """
            INSERT INTO webhook_secrets (fingerprint, last_used_at, last_needed_at) VALUES (?, ?, ?)
            ON CONFLICT (fingerprint) DO UPDATE SET
                last_used_at = max(coalesce(last_used_at, 0), excluded.last_used_at),
                last_needed_at = coalesce(max(last_needed_at, excluded.last_needed_at), excluded.last_needed_at, last_needed_at)
            """
        static let uses = """
            SELECT fingerprint, last_used_at, last_needed_at
            FROM webhook_secrets WHERE position IS NOT NULL ORDER BY position
            """
    }

    let db: Database

    /// Notes which secrets verified what came in: one row for each secret, however many deliveries there are.
    func markUsed(by deliveries: [Delivery]) throws {
        var times: [String: Times] = [:]
        for delivery in deliveries {
            let receivedAt = Int64(delivery.receivedAt)
            for secret in delivery.secrets {
                var known = times[secret, default: Times()]
                known.used = max(known.used, receivedAt)
                if delivery.secrets.count == 1 {
                    known.needed = max(known.needed ?? receivedAt, receivedAt)
                }
                times[secret] = known
            }
        }
        guard !times.isEmpty else { return }
        let statement = try db.cachedStatement(sql: SQL.markUsed)
        for (secret, times) in times {
            try statement.execute(arguments: [secret, times.used, times.needed])
        }
    }

    /// Notes which secrets are configured, in their order; those that are not any more keep their times.
    func configure(_ fingerprints: [String]) throws {
        try db.execute(sql: "UPDATE webhook_secrets SET position = NULL WHERE position IS NOT NULL")
        for (position, fingerprint) in fingerprints.enumerated() {
            try db.execute(
                sql: """
                    INSERT INTO webhook_secrets (fingerprint, position) VALUES (?, ?)
                    ON CONFLICT (fingerprint) DO UPDATE SET position = excluded.position
                    """,
                arguments: [fingerprint, position]
            )
        }
    }

    /// Those that are configured, in their order.
    func uses(at now: Double) throws -> [WebhookSecretUse] {
        let times = try Row.fetchAll(db.cachedStatement(sql: SQL.uses)).map { row in
            WebhookSecretUse.Times(
                fingerprint: row["fingerprint"],
                lastUsedAt: row["last_used_at"],
                lastNeededAt: row["last_needed_at"]
            )
        }
        return WebhookSecretUse.uses(times, at: Int64(now))
    }
}
