//! The tables of the migration `0010_bot_health`.

diesel::table! {
    bot_health (connection_id) {
        connection_id -> Text,
        project_id -> Text,
        code -> Text,
        since_us -> BigInt,
        sentence -> Text,
        fix -> Text,
        looked_at_us -> BigInt,
        waiting_code -> Nullable<Text>,
        waiting_since_us -> Nullable<BigInt>,
        change_1_us -> Nullable<BigInt>,
        change_2_us -> Nullable<BigInt>,
        change_3_us -> Nullable<BigInt>,
        doublings -> BigInt,
        changes -> BigInt,
    }
}

diesel::table! {
    bot_health_changes (connection_id, number) {
        connection_id -> Text,
        number -> BigInt,
        project_id -> Text,
        at_us -> BigInt,
        from_code -> Text,
        to_code -> Text,
        sentence -> Text,
    }
}

diesel::table! {
    bot_health_sweep (id) {
        id -> BigInt,
        position -> Text,
        visited -> BigInt,
        expected -> BigInt,
        visited_at_us -> Nullable<BigInt>,
    }
}
