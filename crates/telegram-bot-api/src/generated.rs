//! What `cargo xtask codegen` writes from `schema/`.

#[expect(
    missing_docs,
    clippy::too_many_arguments,
    reason = "a field is told by its name and type, and a method needs what it needs; each type links to its page"
)]
pub mod methods;
#[expect(
    missing_docs,
    clippy::too_many_arguments,
    reason = "a field is told by its name and type, and an object needs what it needs; each type links to its page"
)]
pub mod types;
pub(crate) mod update_content;
pub(crate) mod update_kinds;
