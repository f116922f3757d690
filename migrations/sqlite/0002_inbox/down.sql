DROP TABLE inbox_sequence;
DROP TABLE inbox_quarantine;
DROP TABLE inbox_dead;
DROP TABLE inbox_seen;
DROP TABLE inbox_pending;
