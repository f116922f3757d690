-- What handlers remember of a lane. It counts as not there from expires_at_us on, and is deleted some time later.
CREATE TABLE inbox_sessions (
  connection_id TEXT   NOT NULL,
  lane          TEXT   NOT NULL,
  name          TEXT   NOT NULL,
  expires_at_us BIGINT NOT NULL,
  data          BYTEA  NOT NULL,
  PRIMARY KEY (connection_id, lane, name)
);
CREATE INDEX inbox_sessions_expiry ON inbox_sessions (expires_at_us);
