-- API tokens of the management API: what was minted, never the secret itself.
CREATE TABLE api_tokens (
    id            TEXT   NOT NULL PRIMARY KEY,
    label         TEXT   NOT NULL,
    secret_sha256 BYTEA  NOT NULL,
    abilities     TEXT   NOT NULL,
    project_id    TEXT,
    created_at_us BIGINT NOT NULL,
    revoked_at_us BIGINT
);
