DROP INDEX inbox_pending_expiry;
DROP INDEX inbox_seen_touched;
