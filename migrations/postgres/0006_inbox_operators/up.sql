-- What one bot has waiting is read page by page: its numbers, in order.
CREATE INDEX inbox_pending_connection ON inbox_pending (connection_id, seq);

-- Dead letters and unreadable requests go when their time is over, and are listed bot by bot.
CREATE INDEX inbox_dead_died ON inbox_dead (died_at_us);
CREATE INDEX inbox_quarantine_received ON inbox_quarantine (received_at_us);
CREATE INDEX inbox_quarantine_connection ON inbox_quarantine (connection_id, seq);

-- Bots whose updates wait because an operator said so; also after a restart.
CREATE TABLE inbox_held (
  connection_id TEXT   NOT NULL PRIMARY KEY,
  since_us      BIGINT NOT NULL
);
