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
mod samples;
mod schema;
mod shape;
mod tests;
mod types;
mod update_content;
mod update_kinds;
mod update_paths;

use std::path::Path;

use crate::codegen::files::Files;
use crate::codegen::model::Model;
use crate::codegen::schema::{Schema, UpdateKinds};

/// Brings the generated files to what the schema says; with `check`, only says whether they are there.
pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/telegram-bot-api");
    let files = generate(&crate_dir.join("schema"))?;
    if check {
        files.compare(&crate_dir)
    } else {
        files.write(&crate_dir)
    }
}

fn generate(schema_dir: &Path) -> anyhow::Result<Files> {
    let schema = Schema::read(&schema_dir.join("bot-api-schema.json"))?;
    let kinds = UpdateKinds::read(&schema_dir.join("update-kinds.json"))?;
    let model = Model::of(&schema)?;
    let mut files = Files::default();
    files.add(
        "src/generated/update_kinds.rs",
        update_kinds::render(&schema, &kinds)?,
    )?;
    files.add(
        "src/generated/update_content.rs",
        update_content::render(&model, &kinds)?,
    )?;
    for (path, code) in types::render(&model)
        .into_iter()
        .chain(methods::render(&model))
    {
        files.add(&path, code)?;
    }
    files.add("tests/it/generated/calls.rs", tests::calls(&model))?;
    files.add("tests/it/generated/objects.rs", tests::objects(&model))?;
    files.add("tests/it/generated/received.rs", tests::received(&model))?;
    Ok(files)
}
