-- Which bot belongs to which project, how its webhook is registered and how far a change of it came (crate connection-directory).
CREATE TABLE connections (
    id                  TEXT    NOT NULL PRIMARY KEY,
    project_id          TEXT    NOT NULL,
    telegram_bot_id     INTEGER NOT NULL,
    username            TEXT,
    name                TEXT,
    status              TEXT    NOT NULL CHECK (status IN ('connecting', 'active', 'disconnected')),
    operation           TEXT,
    step                TEXT    NOT NULL,
    sealed_token        BLOB,
    sealed_key_id       INTEGER,
    token_version       INTEGER NOT NULL,
    generation          INTEGER NOT NULL,
    key_id              INTEGER NOT NULL,
    previous_generation INTEGER,
    previous_key_id     INTEGER,
    previous_until_us   INTEGER,
    registered_base_url TEXT,
    version             INTEGER NOT NULL,
    warning             TEXT,
    created_at_us       INTEGER NOT NULL,
    updated_at_us       INTEGER NOT NULL,
    connected_at_us     INTEGER,
    disconnected_at_us  INTEGER
) STRICT, WITHOUT ROWID;

-- A disconnected record reserves neither the project nor the bot.
CREATE UNIQUE INDEX connections_one_per_project ON connections (project_id) WHERE status <> 'disconnected';
CREATE UNIQUE INDEX connections_one_per_bot ON connections (telegram_bot_id) WHERE status <> 'disconnected';
CREATE INDEX connections_of_project ON connections (project_id);
CREATE INDEX connections_unfinished ON connections (id) WHERE operation IS NOT NULL;

-- One value for each master key this database has seen: it tells keys apart and says nothing else about them.
CREATE TABLE key_checks (
    key_id      INTEGER NOT NULL PRIMARY KEY,
    check_value BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
