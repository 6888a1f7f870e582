-- Which of the endpoint's signing secrets Stripe signs with; portald's own, and may change in any version.
CREATE TABLE webhook_secrets (
    -- The first eight hexadecimal digits of the secret's SHA-256.
    fingerprint TEXT PRIMARY KEY,
    -- Its place among the secrets of the settings in force; NULL where it is none of them.
    position INTEGER,
    -- Unix seconds of the last delivery that it verified, and of the last one that no other secret did.
    last_used_at INTEGER,
    last_needed_at INTEGER
) STRICT, WITHOUT ROWID;
