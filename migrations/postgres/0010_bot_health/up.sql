-- How each bot stands (crate bot-health): what was told of it last, and what was seen since and is not told yet.
CREATE TABLE bot_health (
    connection_id    TEXT    NOT NULL PRIMARY KEY,
    project_id       TEXT    NOT NULL,
    code             TEXT    NOT NULL,
    since_us         BIGINT NOT NULL,
    sentence         TEXT    NOT NULL,
    fix              TEXT    NOT NULL,
    looked_at_us     BIGINT NOT NULL,
    waiting_code     TEXT,
    waiting_since_us BIGINT,
    -- When the last three changes came, the latest first.
    change_1_us      BIGINT,
    change_2_us      BIGINT,
    change_3_us      BIGINT,
    doublings        BIGINT NOT NULL,
    -- How many changes were written: the number of the last.
    changes          BIGINT NOT NULL
);

-- Bots are counted and listed by their code.
CREATE INDEX bot_health_by_code ON bot_health (code, connection_id);

-- Every change, for a while. The number makes sure that one is written once.
CREATE TABLE bot_health_changes (
    connection_id TEXT    NOT NULL,
    number        BIGINT NOT NULL,
    project_id    TEXT    NOT NULL,
    at_us         BIGINT NOT NULL,
    from_code     TEXT    NOT NULL,
    to_code       TEXT    NOT NULL,
    sentence      TEXT    NOT NULL,
    PRIMARY KEY (connection_id, number)
);

CREATE INDEX bot_health_changes_by_time ON bot_health_changes (at_us);

-- How far the round of all bots came: a restart goes on there.
CREATE TABLE bot_health_sweep (
    id            BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The id of the connection that was visited last; empty at the beginning of a round.
    position      TEXT NOT NULL,
    visited       BIGINT NOT NULL,
    -- How many the round before had.
    expected      BIGINT NOT NULL,
    visited_at_us BIGINT
);
