-- What came in, minute by minute, for the status page; portald's own, and may change in any version.
CREATE TABLE activity (
    -- Unix seconds, a multiple of 60.
    minute INTEGER NOT NULL,
    source TEXT NOT NULL,
    outcome TEXT NOT NULL,
    events INTEGER NOT NULL,
    -- Seconds from an event's making at Stripe to its arrival: of all of them together, and of the slowest.
    delay INTEGER NOT NULL,
    longest_delay INTEGER NOT NULL,
    PRIMARY KEY (minute, source, outcome)
) STRICT, WITHOUT ROWID;
