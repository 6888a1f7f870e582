-- The webhook endpoint at Stripe, as the daemon last saw it; portald's own, and may change in any version.

-- One row, and none where it is not watched.
CREATE TABLE webhook_endpoint (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The address that Stripe reaches the daemon by.
    url TEXT NOT NULL,
    -- we_…; NULL where Stripe has none for the address.
    endpoint TEXT,
    -- What is wrong with it: [{"kind","details"}].
    faults TEXT NOT NULL,
    -- Since when that is so, and when Stripe was last asked: Unix seconds by this machine's clock.
    since REAL NOT NULL,
    checked_at REAL NOT NULL
) STRICT;
