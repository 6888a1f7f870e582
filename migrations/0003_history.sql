-- What each row showed, and since when: for `portald explain`. It is portald's own and may change in any version.

CREATE TABLE history (
    object_id TEXT NOT NULL,
    -- The step of the mirror's own count that changed the row.
    sequence INTEGER NOT NULL,
    -- When, Unix seconds by this machine's clock.
    at REAL NOT NULL,
    -- The event or the read that brought the version which the row showed from then on.
    source TEXT NOT NULL,
    status TEXT,
    customer TEXT,
    deleted INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    PRIMARY KEY (object_id, sequence)
) STRICT, WITHOUT ROWID;

INSERT INTO history
SELECT state.object_id, state.sequence, customer.updated_at, state.shown_by, NULL, NULL, customer.deleted, customer.confirmed
FROM object_states AS state JOIN customers AS customer ON customer.id = state.object_id
WHERE state.shown_by IS NOT NULL;

INSERT INTO history
SELECT
    state.object_id, state.sequence, subscription.updated_at, state.shown_by, subscription.status,
    subscription.customer, subscription.deleted, subscription.confirmed
FROM object_states AS state JOIN subscriptions AS subscription ON subscription.id = state.object_id
WHERE state.shown_by IS NOT NULL;

-- History tells of every moment since then, Unix seconds by this machine's clock.
ALTER TABLE sync_state ADD COLUMN history_since REAL NOT NULL DEFAULT 0;
-- When what is no longer kept was last looked for: all that is older than this was deleted.
ALTER TABLE sync_state ADD COLUMN pruned_to INTEGER;
UPDATE sync_state SET history_since = CAST(strftime('%s', 'now') AS REAL);
