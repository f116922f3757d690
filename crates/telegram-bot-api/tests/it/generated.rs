//! Tests that `cargo xtask codegen` writes from `schema/`.

mod calls;
mod objects;
mod received;

pub(crate) use self::received::through_type;
