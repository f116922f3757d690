-- Updates that were acknowledged and are not finished. Kept small: a finished one goes with the next commit.
CREATE TABLE inbox_pending (
  seq            INTEGER NOT NULL PRIMARY KEY,
  connection_id  TEXT    NOT NULL,
  update_id      BIGINT  NOT NULL,
  kind           TEXT    NOT NULL,
  lane           TEXT    NOT NULL,
  urgent         BOOLEAN NOT NULL,
  received_at_us BIGINT  NOT NULL,
  expires_at_us  BIGINT  NOT NULL,
  attempts       INTEGER NOT NULL,
  not_before_us  BIGINT,
  stage          INTEGER NOT NULL,
  effect         INTEGER NOT NULL,
  history        TEXT,
  body           BLOB    NOT NULL
);
CREATE INDEX inbox_pending_lane ON inbox_pending (connection_id, lane, seq);

-- Which update ids were acknowledged: one bit an id, 1,024 ids a block. Void 72 h after touched_at_us.
CREATE TABLE inbox_seen (
  connection_id TEXT   NOT NULL,
  block         BIGINT NOT NULL,
  bits          BLOB   NOT NULL,
  touched_at_us BIGINT NOT NULL,
  PRIMARY KEY (connection_id, block)
) WITHOUT ROWID;

-- Updates whose handling failed for good.
CREATE TABLE inbox_dead (
  seq            INTEGER NOT NULL PRIMARY KEY,
  connection_id  TEXT    NOT NULL,
  update_id      BIGINT  NOT NULL,
  kind           TEXT    NOT NULL,
  lane           TEXT    NOT NULL,
  received_at_us BIGINT  NOT NULL,
  died_at_us     BIGINT  NOT NULL,
  cause          TEXT    NOT NULL,
  reason         TEXT    NOT NULL,
  attempts       INTEGER NOT NULL,
  stage          INTEGER NOT NULL,
  effect         INTEGER NOT NULL,
  history        TEXT,
  body           BLOB    NOT NULL
);
CREATE INDEX inbox_dead_connection ON inbox_dead (connection_id, seq);

-- Genuine requests that could not be read as an update.
CREATE TABLE inbox_quarantine (
  seq            INTEGER NOT NULL PRIMARY KEY,
  connection_id  TEXT    NOT NULL,
  received_at_us BIGINT  NOT NULL,
  reason         TEXT    NOT NULL,
  body           BLOB    NOT NULL
);

-- The next number. Taken in the transaction that uses it, so the order of numbers is the order of commits.
CREATE TABLE inbox_sequence (
  id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  next BIGINT  NOT NULL
);
INSERT INTO inbox_sequence (id, next) VALUES (1, 1);
