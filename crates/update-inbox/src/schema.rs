//! The inbox's tables; migrations `0002_inbox`, `0004_inbox_batches`, `0005_lane_sessions`, `0006_inbox_operators` and
//! `0007_inbox_expiry` make them.

diesel::table! {
    inbox_pending (seq) {
        seq -> BigInt,
        connection_id -> Text,
        update_id -> BigInt,
        kind -> Text,
        lane -> Text,
        urgent -> Bool,
        received_at_us -> BigInt,
        expires_at_us -> BigInt,
        attempts -> Integer,
        not_before_us -> Nullable<BigInt>,
        stage -> Integer,
        effect -> Integer,
        history -> Nullable<Text>,
        body -> Binary,
    }
}

diesel::table! {
    inbox_seen (connection_id, block) {
        connection_id -> Text,
        block -> BigInt,
        bits -> Binary,
        touched_at_us -> BigInt,
    }
}

diesel::table! {
    inbox_dead (seq) {
        seq -> BigInt,
        connection_id -> Text,
        update_id -> BigInt,
        kind -> Text,
        lane -> Text,
        received_at_us -> BigInt,
        died_at_us -> BigInt,
        cause -> Text,
        reason -> Text,
        attempts -> Integer,
        stage -> Integer,
        effect -> Integer,
        history -> Nullable<Text>,
        body -> Binary,
    }
}

diesel::table! {
    inbox_quarantine (seq) {
        seq -> BigInt,
        connection_id -> Text,
        received_at_us -> BigInt,
        reason -> Text,
        body -> Binary,
    }
}

diesel::table! {
    inbox_sequence (id) {
        id -> Integer,
        next -> BigInt,
    }
}

diesel::table! {
    inbox_batches (first_seq) {
        first_seq -> BigInt,
        updates -> Integer,
        received_at_us -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    inbox_done (first_seq) {
        first_seq -> BigInt,
        done -> Binary,
    }
}

diesel::table! {
    inbox_recent (first_seq) {
        first_seq -> BigInt,
        ids -> Binary,
    }
}

diesel::table! {
    inbox_sessions (connection_id, lane, name) {
        connection_id -> Text,
        lane -> Text,
        name -> Text,
        expires_at_us -> BigInt,
        data -> Binary,
    }
}

diesel::table! {
    inbox_held (connection_id) {
        connection_id -> Text,
        since_us -> BigInt,
    }
}

diesel::define_sql_function! {
    /// The length of a binary value, in bytes.
    fn octet_length(value: diesel::sql_types::Binary) -> diesel::sql_types::Integer;
}
