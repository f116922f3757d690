DROP TABLE request_updates;

DROP TABLE requests;
