-- What has become void is looked for every minute, in the transaction of the one who writes: it must not read what has not.
CREATE INDEX inbox_seen_touched ON inbox_seen (touched_at_us);
CREATE INDEX inbox_pending_expiry ON inbox_pending (connection_id, expires_at_us);
