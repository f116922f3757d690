DROP TABLE key_checks;
DROP TABLE connections;
