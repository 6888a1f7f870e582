-- What keeps the mirror current beside webhooks. All of it is portald's own and may change in any version.

-- One row.
CREATE TABLE sync_state (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Counts the events taken in and the reads that counted, of all objects together: a read that finds an object's
    -- number greater than the count at its request is dropped.
    sequence INTEGER NOT NULL,
    -- Every event that Stripe's clock says was created before has been asked for and taken in.
    swept_to INTEGER,
    -- When the last sweep ended, by this machine's clock.
    swept_at REAL,
    -- Set where Stripe says that it could not make events.
    sweep_requested INTEGER NOT NULL DEFAULT 0,
    -- Ids and edges of events created before may be gone.
    forgotten_before INTEGER,
    -- The API version of portald's own calls.
    api_version TEXT
) STRICT;

INSERT INTO sync_state (id, sequence) SELECT 1, coalesce(max(sequence), 0) FROM object_states;

-- Walks through all that Stripe lists: customers, then subscriptions, then what the mirror holds and no list showed.
CREATE TABLE passes (
    id INTEGER NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('backfill', 'verification')),
    began_at REAL NOT NULL,
    -- Stripe's clock when it began; the sweep after a backfill goes back to it.
    began_date INTEGER NOT NULL,
    stage TEXT NOT NULL,
    -- The last object of the stage that is done.
    cursor TEXT,
    customers INTEGER NOT NULL DEFAULT 0,
    subscriptions INTEGER NOT NULL DEFAULT 0,
    drifted INTEGER NOT NULL DEFAULT 0,
    finished_at REAL
) STRICT;

-- When a read of the object is due; nil where nothing waits.
ALTER TABLE object_states ADD COLUMN due_at REAL;
-- When the object first came in, or a reply of Stripe's last agreed with it.
ALTER TABLE object_states ADD COLUMN checked_at REAL;
-- The API version that the proven version is rendered in.
ALTER TABLE object_states ADD COLUMN api_version TEXT;
-- Why the last read of the object failed; nil since one succeeded.
ALTER TABLE object_states ADD COLUMN read_error TEXT;

UPDATE object_states SET due_at = max(pending_since, coalesce(last_received, pending_since)) + 2, checked_at = 0;

DROP INDEX object_states_pending;
CREATE INDEX object_states_due ON object_states (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX object_states_checked ON object_states (checked_at) WHERE NOT deleted;

-- The event that tells the same with a snapshot.
ALTER TABLE pending_events ADD COLUMN snapshot_event TEXT;

-- Payloads are removed from the oldest on.
CREATE INDEX events_with_payload ON events (received_at) WHERE payload IS NOT NULL;
