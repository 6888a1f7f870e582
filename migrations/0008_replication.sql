-- Which primary wrote the file and when it last did, for nodes on other machines that follow it; portald's own, and may
-- change in any version.

-- One row.
CREATE TABLE replication (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Begins at 1 and counts the promotions: of two primaries, the one of the greater epoch may write.
    epoch INTEGER NOT NULL,
    -- What the primary has claimed its epoch with in the replica; NULL where it never did.
    claim TEXT,
    -- When the epoch began, Unix seconds by the primary's clock; NULL where it began with the file.
    epoch_began_at REAL,
    -- When the primary last said that it is alive, by its clock, and how many seconds it leaves between two such signs.
    heartbeat_at REAL,
    heartbeat_interval REAL
) STRICT;

INSERT INTO replication (id, epoch) VALUES (1, 1);
