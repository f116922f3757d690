//! Writes the Bot API's types and methods from the schema kept in `crates/telegram-bot-api/schema`.
//!
//! `schema` reads the facts, `update_kinds` and its siblings render Rust from them, `files` formats
//! what was rendered and brings the folder to it.

mod boxes;
mod docs;
mod files;
mod methods;
mod model;
mod names;
mod overrides;
mod reach;
mod schema;
mod shape;
mod types;
mod update_content;
mod update_kinds;

use std::path::{Path, PathBuf};

use crate::codegen::files::Files;
use crate::codegen::model::Model;
use crate::codegen::schema::{Schema, UpdateKinds};

/// Brings `src/generated` to what the schema says; with `check`, only says whether it is there.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let crate_dir = crate_dir();
    let files = generate(&crate_dir.join("schema"))?;
    let generated = crate_dir.join("src/generated");
    if check {
        return files.compare(&generated);
    }
    files.write(&generated)
}

fn generate(schema_dir: &Path) -> anyhow::Result<Files> {
    let schema = Schema::read(&schema_dir.join("bot-api-schema.json"))?;
    let kinds = UpdateKinds::read(&schema_dir.join("update-kinds.json"))?;
    let mut files = Files::default();
    files.add("update_kinds.rs", update_kinds::render(&schema, &kinds)?)?;
    let model = Model::of(&schema)?;
    files.add("update_content.rs", update_content::render(&model, &kinds)?)?;
    for (path, code) in types::render(&model)
        .into_iter()
        .chain(methods::render(&model))
    {
        files.add(&path, code)?;
    }
    Ok(files)
}

fn crate_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/telegram-bot-api")
}
