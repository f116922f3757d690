-- The request log, packed: many records lie in one row, in a format of request-log's own (its README describes it). Rows of the tables
-- before are dropped with them: no version that wrote them was ever released.
DROP TABLE request_updates;

DROP TABLE requests;

-- Segments are numbered upwards from 1. The newest one is rewritten as it grows; the others are never changed.
CREATE TABLE request_segments (
    segment   INTEGER NOT NULL PRIMARY KEY,
    -- When it was begun; never less than that of the segment before, whatever the clock does.
    opened_us INTEGER NOT NULL,
    -- When the first and the last of its requests began.
    first_us  INTEGER NOT NULL,
    last_us   INTEGER NOT NULL,
    -- The most that any request up to here began before, and after, its segment was begun.
    lag_us    INTEGER NOT NULL CHECK (lag_us >= 0),
    lead_us   INTEGER NOT NULL CHECK (lead_us >= 0),
    -- Records in the body.
    entries   INTEGER NOT NULL CHECK (entries > 0),
    -- How many requests ended how.
    outcomes  BLOB NOT NULL
) STRICT;

CREATE INDEX request_segments_by_time ON request_segments (opened_us, segment);

-- Apart from the narrow rows, so that those lie close together.
CREATE TABLE request_bodies (
    segment INTEGER NOT NULL PRIMARY KEY,
    -- The projects in it, as sorted hashes.
    owners  BLOB NOT NULL,
    body    BLOB NOT NULL
) STRICT;

-- Which of the 64 segments of a run hold which project, for runs that are over; spread by hash over 64 parts.
CREATE TABLE request_owners (
    part   INTEGER NOT NULL,
    run    INTEGER NOT NULL,
    owners BLOB NOT NULL,
    PRIMARY KEY (part, run)
) STRICT, WITHOUT ROWID;

-- Updates of a segment's requests that were settled in a later segment, as hashes.
CREATE TABLE request_followups (
    segment INTEGER NOT NULL,
    later   INTEGER NOT NULL,
    keys    BLOB NOT NULL,
    PRIMARY KEY (segment, later)
) STRICT, WITHOUT ROWID;

-- Updates that were settled when nobody knew any more where their request lies.
CREATE TABLE request_strays (
    key     INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    PRIMARY KEY (key, segment)
) STRICT, WITHOUT ROWID;
