-- The request log, packed: many records lie in one row, in a format of request-log's own (its README describes it). Rows of the tables
-- before are dropped with them: no version that wrote them was ever released.
DROP TABLE request_updates;

DROP TABLE requests;

-- Segments are numbered upwards from 1. The newest one is rewritten as it grows; the others are never changed.
CREATE TABLE request_segments (
    segment   BIGINT NOT NULL PRIMARY KEY,
    -- When it was begun; never less than that of the segment before, whatever the clock does.
    opened_us BIGINT NOT NULL,
    -- When the first and the last of its requests began.
    first_us  BIGINT NOT NULL,
    last_us   BIGINT NOT NULL,
    -- The most that any request up to here began before, and after, its segment was begun.
    lag_us    BIGINT NOT NULL CHECK (lag_us >= 0),
    lead_us   BIGINT NOT NULL CHECK (lead_us >= 0),
    -- Records in the body.
    entries   BIGINT NOT NULL CHECK (entries > 0),
    -- How many requests ended how.
    outcomes  BYTEA NOT NULL
);

CREATE INDEX request_segments_by_time ON request_segments (opened_us, segment);

-- Apart from the narrow rows, so that those lie close together.
CREATE TABLE request_bodies (
    segment BIGINT NOT NULL PRIMARY KEY,
    -- The projects in it, as sorted hashes.
    owners  BYTEA NOT NULL,
    body    BYTEA NOT NULL
);

-- Which of the 64 segments of a run hold which project, for runs that are over; spread by hash over 64 parts.
CREATE TABLE request_owners (
    part   BIGINT NOT NULL,
    run    BIGINT NOT NULL,
    owners BYTEA NOT NULL,
    PRIMARY KEY (part, run)
);

-- Updates of a segment's requests that were settled in a later segment, as hashes.
CREATE TABLE request_followups (
    segment BIGINT NOT NULL,
    later   BIGINT NOT NULL,
    keys    BYTEA NOT NULL,
    PRIMARY KEY (segment, later)
);

-- Updates that were settled when nobody knew any more where their request lies.
CREATE TABLE request_strays (
    key     BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    PRIMARY KEY (key, segment)
);
