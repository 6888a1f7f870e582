"""Settings of the daemon under test. The secrets are looked for in its log, so they occur nowhere else."""

STRIPE_SECRET_KEY = "sk_test_51EndToEndSecretKeyOfTheAccount"
STRIPE_LIVE_SECRET_KEY = "sk_live_51EndToEndSecretKeyOfTheAccount"
WEBHOOK_SECRET = "whsec_EndToEndSecretOfTheWebhookEndpoint"
JWT_SECRET = "end-to-end-secret-of-the-token-issuer-0123456789"
FRONTEND = "http://localhost:3000"

SECRETS = [STRIPE_SECRET_KEY, STRIPE_LIVE_SECRET_KEY, WEBHOOK_SECRET, JWT_SECRET]


def daemon_settings(database, stripe=None, **changes):
    """A complete environment; `stripe` is the base of the API, by default one where nobody listens."""
    return {
        "STRIPE_SECRET_KEY": STRIPE_SECRET_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_API_BASE": stripe or "http://127.0.0.1:9",
        "FRONTEND_URL": FRONTEND,
        "PORTALD_LISTEN": "127.0.0.1:0",
        "PORTALD_ADMIN_LISTEN": "127.0.0.1:0",
        "PORTALD_DATABASE": database,
        "PORTALD_JWT_SECRET": JWT_SECRET,
    } | changes
