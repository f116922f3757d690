-- API tokens of the management API: what was minted, never the secret itself.
CREATE TABLE api_tokens (
    id            TEXT   NOT NULL PRIMARY KEY,
    label         TEXT   NOT NULL,
    secret_sha256 BLOB   NOT NULL,
    abilities     TEXT   NOT NULL,
    project_id    TEXT,
    created_at_us INTEGER NOT NULL,
    revoked_at_us INTEGER
) STRICT, WITHOUT ROWID;
