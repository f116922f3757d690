//! What `cargo xtask codegen` writes from `schema/`.

#[expect(
    missing_docs,
    reason = "a parameter is told by its name and type, and each method links to its page"
)]
pub mod methods;
#[expect(
    missing_docs,
    clippy::too_many_arguments,
    reason = "a field is told by its name and type, each type links to its page, and some require much"
)]
pub mod types;
pub(crate) mod update_content;
pub(crate) mod update_kinds;
