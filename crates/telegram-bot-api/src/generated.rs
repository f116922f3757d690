//! What `cargo xtask codegen` writes from `schema/`.

pub(crate) mod update_kinds;
