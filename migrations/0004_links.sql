-- Whose customer is whose: what Stripe's objects claim, what the operator decided, and what follows from both. The tables
-- and views up to the line below are documented in the README; times are Unix seconds by this machine's clock.

DROP VIEW active_subscriptions;
DROP VIEW link_conflicts;

-- One row for each claim that a customer is a user's. The claimant is the object that says so: the customer or
-- subscription by its metadata, the Checkout session by its client_reference_id.
CREATE TABLE link_claims (
    claimant TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    customer TEXT NOT NULL,
    source TEXT NOT NULL CHECK (
        source IN ('customer_metadata', 'subscription_metadata', 'checkout_client_reference_id')
    ),
    event TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the operator decided about a customer and a user: a customer has one link of the operator's at most.
CREATE TABLE link_decisions (
    customer TEXT NOT NULL,
    user_id TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('linked', 'unlinked')),
    decided_at INTEGER NOT NULL,
    PRIMARY KEY (customer, user_id)
) STRICT, WITHOUT ROWID;

-- Every change of the two, in order. A claim that moves is withdrawn and claimed.
CREATE TABLE link_ledger (
    id INTEGER NOT NULL PRIMARY KEY,
    at REAL NOT NULL,
    change TEXT NOT NULL CHECK (change IN ('claimed', 'withdrawn', 'linked', 'unlinked', 'undone')),
    user_id TEXT NOT NULL,
    customer TEXT NOT NULL,
    source TEXT NOT NULL CHECK (
        source IN ('customer_metadata', 'subscription_metadata', 'checkout_client_reference_id', 'operator')
    ),
    claimant TEXT,
    event TEXT
) STRICT;

INSERT INTO link_claims
SELECT claimant, user_id, customer, source, event, created_at FROM user_links WHERE source <> 'operator';
-- Where rows that were made by hand link a customer to several users, it goes on opening for none of them.
INSERT OR IGNORE INTO link_decisions
SELECT
    customer, user_id,
    CASE WHEN EXISTS (
        SELECT 1 FROM user_links AS other
        WHERE other.customer = link.customer AND other.source = 'operator' AND other.user_id <> link.user_id
    ) THEN 'unlinked' ELSE 'linked' END,
    created_at
FROM user_links AS link WHERE source = 'operator';
INSERT INTO link_ledger (at, change, user_id, customer, source, claimant, event)
SELECT created_at, 'claimed', user_id, customer, source, claimant, event FROM link_claims ORDER BY created_at, claimant;
INSERT INTO link_ledger (at, change, user_id, customer, source)
SELECT decided_at, verdict, user_id, customer, 'operator' FROM link_decisions ORDER BY decided_at, customer;

DROP TABLE user_links;

CREATE INDEX link_claims_by_user ON link_claims (user_id, customer);
CREATE INDEX link_claims_by_customer ON link_claims (customer, user_id);
CREATE UNIQUE INDEX link_decisions_linked ON link_decisions (customer) WHERE verdict = 'linked';
CREATE INDEX link_decisions_by_user ON link_decisions (user_id);
CREATE INDEX link_ledger_by_user ON link_ledger (user_id, customer);
CREATE INDEX link_ledger_by_customer ON link_ledger (customer);

CREATE TRIGGER link_ledger_keeps_rows BEFORE DELETE ON link_ledger BEGIN
    SELECT raise(ABORT, 'link_ledger is only added to');
END;
CREATE TRIGGER link_ledger_keeps_values BEFORE UPDATE ON link_ledger BEGIN
    SELECT raise(ABORT, 'link_ledger is only added to');
END;

-- The links in force. Where the operator linked a customer, exactly that link is; otherwise the claims are, without those
-- that the operator unlinked.
CREATE VIEW user_links AS
SELECT claim.user_id, claim.customer, claim.source, claim.event, claim.created_at, claim.claimant
FROM link_claims AS claim
WHERE NOT EXISTS (
    SELECT 1 FROM link_decisions AS decision
    WHERE decision.customer = claim.customer
        AND (decision.verdict = 'linked' OR decision.user_id = claim.user_id)
)
UNION ALL
-- The casts give both halves the same types, without which SQLite does not use an index across them.
SELECT user_id, customer, CAST('operator' AS TEXT), CAST(NULL AS TEXT), decided_at, CAST(NULL AS TEXT)
FROM link_decisions
WHERE verdict = 'linked';

-- Customers claimed for more than one user: they open for nobody until the operator decides.
CREATE VIEW link_conflicts AS
SELECT claim.customer, count(DISTINCT claim.user_id) AS users
FROM link_claims AS claim
WHERE NOT EXISTS (
    SELECT 1 FROM link_decisions AS decision
    WHERE decision.customer = claim.customer
        AND (decision.verdict = 'linked' OR decision.user_id = claim.user_id)
)
GROUP BY claim.customer
HAVING count(DISTINCT claim.user_id) > 1;

-- One row for each item of a subscription that entitles its user now.
CREATE VIEW active_subscriptions AS
SELECT
    link.user_id,
    link.customer,
    subscription.id AS subscription,
    subscription.status,
    item.price,
    subscription.current_period_end
FROM (SELECT DISTINCT user_id, customer FROM user_links) AS link
JOIN subscriptions AS subscription ON subscription.customer = link.customer
LEFT JOIN subscription_items AS item ON item.subscription = subscription.id
LEFT JOIN customers AS customer ON customer.id = link.customer
WHERE subscription.status IN ('active', 'trialing', 'past_due')
    AND NOT subscription.deleted
    AND NOT coalesce(customer.deleted, 0)
    AND NOT EXISTS (
        SELECT 1 FROM user_links AS other
        WHERE other.customer = link.customer AND other.user_id <> link.user_id
    );

-- Below is portald's own and may change in any version.

-- What finished Checkout sessions name, for requests that wait for one.
CREATE TABLE checkouts (
    session TEXT NOT NULL PRIMARY KEY,
    customer TEXT,
    subscription TEXT,
    received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The answers given to users who were signed in, for `portald explain`.
CREATE TABLE portal_requests (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    at REAL NOT NULL,
    endpoint TEXT NOT NULL,
    -- How it ended, or the code of the error.
    code TEXT NOT NULL,
    customer TEXT,
    milliseconds INTEGER NOT NULL
) STRICT;

CREATE INDEX portal_requests_by_user ON portal_requests (user_id, at);

-- When the mirror last heard from Stripe: an event came in, or a sweep or backfill finished.
ALTER TABLE sync_state ADD COLUMN heard_at REAL;
-- The ledger tells of every moment since then.
ALTER TABLE sync_state ADD COLUMN links_since REAL NOT NULL DEFAULT 0;
UPDATE sync_state SET
    heard_at = max(
        coalesce(swept_at, 0),
        coalesce((SELECT received_at FROM events WHERE source <> 'replay' ORDER BY rowid DESC LIMIT 1), 0)
    ),
    links_since = CAST(strftime('%s', 'now') AS REAL);
UPDATE sync_state SET heard_at = NULL WHERE heard_at = 0;
