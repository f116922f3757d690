ALTER TABLE connections DROP COLUMN registered_max_connections;
ALTER TABLE connections DROP COLUMN registered_kinds;
