-- Fresh updates, one row a commit, packed: most are handled before the next commits, and the row goes with the last of them. What
-- stays longer (a retry, a full lane, a paused bot) is moved to inbox_pending, a row each.
CREATE TABLE inbox_batches (
  first_seq      BIGINT  NOT NULL PRIMARY KEY,
  updates        INTEGER NOT NULL,
  received_at_us BIGINT  NOT NULL,
  body           BYTEA   NOT NULL
);

-- Which updates of a batch are finished or moved, a bit each; none where there is no row.
CREATE TABLE inbox_done (
  first_seq BIGINT  NOT NULL PRIMARY KEY,
  done      BYTEA   NOT NULL
);

-- Update ids that were acknowledged and are not in inbox_seen yet, packed, one row a commit.
CREATE TABLE inbox_recent (
  first_seq BIGINT  NOT NULL PRIMARY KEY,
  ids       BYTEA   NOT NULL
);
