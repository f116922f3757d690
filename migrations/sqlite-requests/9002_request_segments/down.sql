DROP TABLE request_strays;

DROP TABLE request_followups;

DROP TABLE request_owners;

DROP TABLE request_bodies;

DROP TABLE request_segments;

-- The request log: one row for every request to the webhook endpoint, rejected ones too; no row is ever changed.
-- A row that stands for several (folded rejects, or what a full queue could only count) has no request_id.
CREATE TABLE requests (
    seq           INTEGER NOT NULL PRIMARY KEY,
    at_us         INTEGER NOT NULL,
    request_id    TEXT,
    connection_id TEXT,
    project_id    TEXT,
    remote        TEXT,
    outcome       TEXT NOT NULL,
    status        INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    update_id     INTEGER,
    kind          TEXT,
    read_us       INTEGER NOT NULL,
    store_us      INTEGER NOT NULL,
    total_us      INTEGER NOT NULL,
    stands_for    INTEGER NOT NULL CHECK (stands_for > 0)
) STRICT;

CREATE INDEX requests_by_time ON requests (at_us, seq);

CREATE INDEX requests_by_project ON requests (project_id, at_us, seq) WHERE project_id IS NOT NULL;

-- What became of an update that was accepted.
CREATE TABLE request_updates (
    seq           INTEGER NOT NULL PRIMARY KEY,
    connection_id TEXT NOT NULL,
    update_id     INTEGER NOT NULL,
    at_us         INTEGER NOT NULL,
    became        TEXT NOT NULL,
    calls         INTEGER NOT NULL,
    reason        TEXT,
    handler_us    INTEGER NOT NULL
) STRICT;

CREATE INDEX request_updates_by_update ON request_updates (connection_id, update_id);
