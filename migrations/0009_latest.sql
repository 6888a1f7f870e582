-- The latest time that anything was taken in at, by this machine's clock; portald's own, and may change in any version. A
-- clock that shows less was set back.
ALTER TABLE sync_state ADD COLUMN latest_at REAL;

UPDATE sync_state SET latest_at = (SELECT max(last_received) FROM object_states);
