//! The tables of the migration `0008_platform_events`.

diesel::table! {
    event_endpoints (id) {
        id -> Text,
        url -> Text,
        description -> Text,
        event_types -> Text,
        state -> Text,
        state_since_us -> BigInt,
        disabled_why -> Nullable<Text>,
        failures_in_a_row -> BigInt,
        last_failure -> Nullable<Text>,
        last_failure_at_us -> Nullable<BigInt>,
        delivered_at_us -> Nullable<BigInt>,
        secret -> Binary,
        secret_key_id -> BigInt,
        secret_version -> BigInt,
        previous_secret -> Nullable<Binary>,
        previous_key_id -> Nullable<BigInt>,
        previous_until_us -> Nullable<BigInt>,
        created_at_us -> BigInt,
        updated_at_us -> BigInt,
        deleted_at_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    platform_events (id) {
        id -> Text,
        #[sql_name = "type"]
        kind -> Text,
        project_id -> Text,
        body -> Binary,
        created_at_us -> BigInt,
    }
}

diesel::table! {
    event_deliveries (number) {
        number -> BigInt,
        endpoint_id -> Text,
        event_id -> Text,
        project_id -> Text,
        state -> Text,
        attempts -> BigInt,
        not_before_us -> BigInt,
        last_status -> Nullable<BigInt>,
        last_failure -> Nullable<Text>,
        last_answer -> Nullable<Text>,
        last_attempt_at_us -> Nullable<BigInt>,
        settled_at_us -> Nullable<BigInt>,
        created_at_us -> BigInt,
    }
}

diesel::joinable!(event_deliveries -> platform_events (event_id));
diesel::allow_tables_to_appear_in_same_query!(event_deliveries, platform_events);
