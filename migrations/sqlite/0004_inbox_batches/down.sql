DROP TABLE inbox_recent;
DROP TABLE inbox_done;
DROP TABLE inbox_batches;
