DROP TABLE request_strays;

DROP TABLE request_followups;

DROP TABLE request_owners;

DROP TABLE request_bodies;

DROP TABLE request_segments;

-- The request log: one row for every request to the webhook endpoint, rejected ones too; no row is ever changed.
-- A row that stands for several (folded rejects, or what a full queue could only count) has no request_id.
CREATE TABLE requests (
    seq           BIGINT  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_us         BIGINT NOT NULL,
    request_id    TEXT,
    connection_id TEXT,
    project_id    TEXT,
    remote        TEXT,
    outcome       TEXT NOT NULL,
    status        INTEGER NOT NULL,
    bytes         BIGINT NOT NULL,
    update_id     BIGINT,
    kind          TEXT,
    read_us       BIGINT NOT NULL,
    store_us      BIGINT NOT NULL,
    total_us      BIGINT NOT NULL,
    stands_for    BIGINT NOT NULL CHECK (stands_for > 0)
);

CREATE INDEX requests_by_time ON requests (at_us, seq);

CREATE INDEX requests_by_project ON requests (project_id, at_us, seq) WHERE project_id IS NOT NULL;

-- What became of an update that was accepted.
CREATE TABLE request_updates (
    seq           BIGINT  NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id TEXT NOT NULL,
    update_id     BIGINT NOT NULL,
    at_us         BIGINT NOT NULL,
    became        TEXT NOT NULL,
    calls         BIGINT NOT NULL,
    reason        TEXT,
    handler_us    BIGINT NOT NULL
);

CREATE INDEX request_updates_by_update ON request_updates (connection_id, update_id);
