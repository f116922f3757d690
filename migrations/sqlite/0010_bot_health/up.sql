-- How each bot stands (crate bot-health): what was told of it last, and what was seen since and is not told yet.
CREATE TABLE bot_health (
    connection_id    TEXT    NOT NULL PRIMARY KEY,
    project_id       TEXT    NOT NULL,
    code             TEXT    NOT NULL,
    since_us         INTEGER NOT NULL,
    sentence         TEXT    NOT NULL,
    fix              TEXT    NOT NULL,
    looked_at_us     INTEGER NOT NULL,
    waiting_code     TEXT,
    waiting_since_us INTEGER,
    -- When the last three changes came, the latest first.
    change_1_us      INTEGER,
    change_2_us      INTEGER,
    change_3_us      INTEGER,
    doublings        INTEGER NOT NULL,
    -- How many changes were written: the number of the last.
    changes          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Bots are counted and listed by their code.
CREATE INDEX bot_health_by_code ON bot_health (code, connection_id);

-- Every change, for a while. The number makes sure that one is written once.
CREATE TABLE bot_health_changes (
    connection_id TEXT    NOT NULL,
    number        INTEGER NOT NULL,
    project_id    TEXT    NOT NULL,
    at_us         INTEGER NOT NULL,
    from_code     TEXT    NOT NULL,
    to_code       TEXT    NOT NULL,
    sentence      TEXT    NOT NULL,
    PRIMARY KEY (connection_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX bot_health_changes_by_time ON bot_health_changes (at_us);

-- How far the round of all bots came: a restart goes on there.
CREATE TABLE bot_health_sweep (
    id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The id of the connection that was visited last; empty at the beginning of a round.
    position      TEXT NOT NULL,
    visited       INTEGER NOT NULL,
    -- How many the round before had.
    expected      INTEGER NOT NULL,
    visited_at_us INTEGER
) STRICT;
