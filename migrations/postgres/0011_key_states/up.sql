-- What each master key this database has seen was when it was last looked at (crate connection-directory): an older copy of the key file is
-- told by it.
CREATE TABLE key_states (
    key_id   BIGINT NOT NULL PRIMARY KEY,
    state    TEXT   NOT NULL CHECK (state IN ('primary', 'open', 'retired')),
    since_us BIGINT NOT NULL
);
