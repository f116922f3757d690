//! The inbox's tables; migration `0002_inbox` makes them.

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
