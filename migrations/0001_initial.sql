-- The mirror. Tables and views up to the line below are documented in the README for programs that read the file;
-- times are Unix seconds, revisions are 32 bytes: show them with hex(revision).

CREATE TABLE customers (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT,
    name TEXT,
    created INTEGER,
    livemode INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    object TEXT NOT NULL,
    revision BLOB NOT NULL,
    confirmed INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE subscriptions (
    id TEXT NOT NULL PRIMARY KEY,
    customer TEXT,
    status TEXT NOT NULL,
    current_period_start INTEGER,
    current_period_end INTEGER,
    cancel_at INTEGER,
    cancel_at_period_end INTEGER NOT NULL,
    canceled_at INTEGER,
    ended_at INTEGER,
    trial_end INTEGER,
    created INTEGER,
    livemode INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    object TEXT NOT NULL,
    revision BLOB NOT NULL,
    confirmed INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX subscriptions_by_customer ON subscriptions (customer);

CREATE TABLE subscription_items (
    id TEXT NOT NULL PRIMARY KEY,
    subscription TEXT NOT NULL REFERENCES subscriptions (id) ON DELETE CASCADE,
    price TEXT,
    product TEXT,
    quantity INTEGER,
    current_period_start INTEGER,
    current_period_end INTEGER
) STRICT;

CREATE INDEX subscription_items_by_subscription ON subscription_items (subscription);

-- One row for each claim that a customer is a user's. The claimant is the object that says so: the customer or
-- subscription by its metadata, the Checkout session by its client_reference_id.
CREATE TABLE user_links (
    user_id TEXT NOT NULL,
    customer TEXT NOT NULL,
    source TEXT NOT NULL CHECK (
        source IN ('customer_metadata', 'subscription_metadata', 'checkout_client_reference_id', 'operator')
    ),
    event TEXT,
    created_at INTEGER NOT NULL,
    claimant TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE INDEX user_links_by_user ON user_links (user_id, customer);
CREATE INDEX user_links_by_customer ON user_links (customer, user_id);

CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    object_id TEXT,
    created INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    api_version TEXT,
    source TEXT NOT NULL CHECK (source IN ('webhook', 'sweep', 'replay')),
    outcome TEXT NOT NULL CHECK (
        outcome IN ('applied', 'duplicate', 'pending', 'superseded', 'ignored', 'failed')
    ),
    error TEXT,
    payload TEXT
) STRICT;

CREATE INDEX events_by_object ON events (object_id);
CREATE INDEX events_unsettled ON events (outcome) WHERE outcome IN ('pending', 'failed');

-- Customers claimed for more than one user: they open for nobody until the operator decides.
CREATE VIEW link_conflicts AS
SELECT customer, count(DISTINCT user_id) AS users
FROM user_links
GROUP BY customer
HAVING count(DISTINCT user_id) > 1;

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

-- Below is the bookkeeping of the fast-forward rule. It is portald's own and may change in any version.

CREATE TABLE object_states (
    object_id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    -- The version that events and reads have established, and the event or read that did.
    proven BLOB,
    proven_by TEXT,
    -- The proven object, while the row shows a later one that is not proven.
    proven_object TEXT,
    shown BLOB,
    shown_by TEXT,
    shown_created INTEGER,
    ended INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    -- The Date of the last read that counted.
    read_date INTEGER,
    -- Counts the events and reads of the object; a read that finds it moved is dropped.
    sequence INTEGER NOT NULL,
    last_received REAL,
    pending_since REAL
) STRICT;

CREATE INDEX object_states_pending ON object_states (pending_since) WHERE pending_since IS NOT NULL;

-- Events that wait for a missing predecessor or for a read, in the order of their arrival.
CREATE TABLE pending_events (
    position INTEGER PRIMARY KEY,
    object_id TEXT NOT NULL REFERENCES object_states (object_id) ON DELETE CASCADE,
    event TEXT,
    kind TEXT NOT NULL,
    parent BLOB,
    parent_ended INTEGER NOT NULL,
    revision BLOB,
    ended INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    created INTEGER NOT NULL,
    request TEXT,
    barred INTEGER NOT NULL
) STRICT;

CREATE INDEX pending_events_by_object ON pending_events (object_id);

-- Every step that an object is known to have taken, each to be used once. An empty parent is a beginning: the object's
-- creation, its end, or a read.
CREATE TABLE edges (
    object_id TEXT NOT NULL,
    parent BLOB NOT NULL,
    revision BLOB NOT NULL,
    source TEXT NOT NULL,
    request TEXT,
    created INTEGER NOT NULL,
    PRIMARY KEY (object_id, parent, revision, source)
) STRICT, WITHOUT ROWID;
