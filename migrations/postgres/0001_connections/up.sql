-- Which bot belongs to which project, how its webhook is registered and how far a change of it came (crate connection-directory).
CREATE TABLE connections (
    id                  TEXT   NOT NULL PRIMARY KEY,
    project_id          TEXT   NOT NULL,
    telegram_bot_id     BIGINT NOT NULL,
    username            TEXT,
    name                TEXT,
    status              TEXT   NOT NULL CHECK (status IN ('connecting', 'active', 'disconnected')),
    operation           TEXT,
    step                TEXT   NOT NULL,
    sealed_token        BYTEA,
    sealed_key_id       BIGINT,
    token_version       BIGINT NOT NULL,
    generation          BIGINT NOT NULL,
    key_id              BIGINT NOT NULL,
    previous_generation BIGINT,
    previous_key_id     BIGINT,
    previous_until_us   BIGINT,
    registered_base_url TEXT,
    version             BIGINT NOT NULL,
    warning             TEXT,
    created_at_us       BIGINT NOT NULL,
    updated_at_us       BIGINT NOT NULL,
    connected_at_us     BIGINT,
    disconnected_at_us  BIGINT
);

-- A disconnected record reserves neither the project nor the bot.
CREATE UNIQUE INDEX connections_one_per_project ON connections (project_id) WHERE status <> 'disconnected';
CREATE UNIQUE INDEX connections_one_per_bot ON connections (telegram_bot_id) WHERE status <> 'disconnected';
CREATE INDEX connections_of_project ON connections (project_id);
CREATE INDEX connections_unfinished ON connections (id) WHERE operation IS NOT NULL;

-- One value for each master key this database has seen: it tells keys apart and says nothing else about them.
CREATE TABLE key_checks (
    key_id      BIGINT NOT NULL PRIMARY KEY,
    check_value BYTEA  NOT NULL
);
