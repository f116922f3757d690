DROP TABLE inbox_sessions;
