//! The tables of the migrations `0001_connections` and `0009_registrations`.

diesel::table! {
    connections (id) {
        id -> Text,
        project_id -> Text,
        telegram_bot_id -> BigInt,
        username -> Nullable<Text>,
        name -> Nullable<Text>,
        status -> Text,
        operation -> Nullable<Text>,
        step -> Text,
        sealed_token -> Nullable<Binary>,
        sealed_key_id -> Nullable<BigInt>,
        token_version -> BigInt,
        generation -> BigInt,
        key_id -> BigInt,
        previous_generation -> Nullable<BigInt>,
        previous_key_id -> Nullable<BigInt>,
        previous_until_us -> Nullable<BigInt>,
        registered_base_url -> Nullable<Text>,
        registered_kinds -> Nullable<Text>,
        registered_max_connections -> Nullable<BigInt>,
        version -> BigInt,
        warning -> Nullable<Text>,
        created_at_us -> BigInt,
        updated_at_us -> BigInt,
        connected_at_us -> Nullable<BigInt>,
        disconnected_at_us -> Nullable<BigInt>,
    }
}

diesel::table! {
    key_checks (key_id) {
        key_id -> BigInt,
        check_value -> Binary,
    }
}
