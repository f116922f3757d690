DROP TABLE inbox_held;
DROP INDEX inbox_quarantine_connection;
DROP INDEX inbox_quarantine_received;
DROP INDEX inbox_dead_died;
DROP INDEX inbox_pending_connection;
