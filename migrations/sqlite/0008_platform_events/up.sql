-- What the platform hears of bots (crate platform-events): where to, what, and how far each delivery came.
CREATE TABLE event_endpoints (
    id                 TEXT    NOT NULL PRIMARY KEY,
    url                TEXT    NOT NULL,
    description        TEXT    NOT NULL,
    -- Separated by spaces; empty for all there are and will be.
    event_types        TEXT    NOT NULL,
    state              TEXT    NOT NULL CHECK (state IN ('on', 'off', 'disabled')),
    state_since_us     INTEGER NOT NULL,
    disabled_why       TEXT,
    failures_in_a_row  INTEGER NOT NULL,
    last_failure       TEXT,
    last_failure_at_us INTEGER,
    delivered_at_us    INTEGER,
    secret             BLOB    NOT NULL,
    secret_key_id      INTEGER NOT NULL,
    secret_version     INTEGER NOT NULL,
    -- Of the version before, until its time is over.
    previous_secret    BLOB,
    previous_key_id    INTEGER,
    previous_until_us  INTEGER,
    created_at_us      INTEGER NOT NULL,
    updated_at_us      INTEGER NOT NULL,
    -- A deleted one stays for a while, empty, because of deliveries to it that are being written.
    deleted_at_us      INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE platform_events (
    id            TEXT    NOT NULL PRIMARY KEY,
    type          TEXT    NOT NULL,
    project_id    TEXT    NOT NULL,
    -- What is signed and sent, byte for byte.
    body          BLOB    NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- No reference to the endpoint: an event is written in somebody else's transaction, which a deletion must not make fail.
CREATE TABLE event_deliveries (
    number             INTEGER PRIMARY KEY AUTOINCREMENT,
    endpoint_id        TEXT    NOT NULL,
    event_id           TEXT    NOT NULL REFERENCES platform_events (id),
    project_id         TEXT    NOT NULL,
    state              TEXT    NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts           INTEGER NOT NULL,
    -- 0: as soon as its turn comes.
    not_before_us      INTEGER NOT NULL,
    last_status        INTEGER,
    last_failure       TEXT,
    last_answer        TEXT,
    last_attempt_at_us INTEGER,
    settled_at_us      INTEGER,
    created_at_us      INTEGER NOT NULL
) STRICT;

CREATE INDEX event_deliveries_next ON event_deliveries (endpoint_id, state, not_before_us, number);
CREATE INDEX event_deliveries_of_endpoint ON event_deliveries (endpoint_id, number);
CREATE INDEX event_deliveries_of_state ON event_deliveries (state, number);
CREATE INDEX event_deliveries_settled ON event_deliveries (state, settled_at_us);
CREATE INDEX event_deliveries_of_event ON event_deliveries (event_id);
