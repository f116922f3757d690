//! How long a cold debug build takes, and what the generated Bot API's part in it is.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::command::{cargo, run as run_command, workspace_root};
use crate::scratch::Scratch;
use crate::steps::shown;

/// Also all of the Bot API as Rust types, with a client, in one crate.
const COMPARABLE: (&str, &str) = (
    "frankenstein",
    "{ version = \"0.52.1\", features = [\"client-reqwest\"] }",
);

/// The most that our crate may cost, as a multiple of the comparable one.
const LIMIT: f64 = 2.5;

pub(crate) fn run() -> Result<()> {
    let scratch = Scratch::new("bench")?;
    println!("cold debug build of the workspace, dependencies included:");
    let workspace = workspace_cold(&scratch.path().join("workspace"))?;
    println!("  {}", shown(workspace));
    let ours = workspace_root().join("crates/telegram-bot-api");
    let ours = alone(
        scratch.path(),
        "telegram-bot-api",
        &format!("{{ path = {ours:?} }}"),
    )?;
    let (name, requirement) = COMPARABLE;
    let theirs = alone(scratch.path(), name, requirement)?;
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("one crate alone, its dependencies built before, no incremental state:");
    println!("  telegram-bot-api {}", shown(ours));
    println!("  {name} {}", shown(theirs));
    println!("  ratio {ratio:.2} (not above {LIMIT})");
    Ok(())
}

fn workspace_cold(target: &Path) -> Result<Duration> {
    let mut build = cargo(["build", "--workspace", "--quiet"]);
    build.env("CARGO_TARGET_DIR", target);
    let began = Instant::now();
    run_command(&mut build)?;
    Ok(began.elapsed())
}

/// The median of three builds of this crate in a project that has nothing else.
fn alone(scratch: &Path, name: &str, requirement: &str) -> Result<Duration> {
    let project = scratch.join(name).join("project");
    fs::create_dir_all(project.join("src")).context("cannot make the project")?;
    let manifest = format!(
        "[package]\nname = \"measured\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{name} = {requirement}\n\n[profile.dev]\ndebug = \"line-tables-only\"\n"
    );
    fs::write(project.join("Cargo.toml"), manifest)?;
    fs::write(project.join("src/lib.rs"), "")?;
    let cargo_there = |arguments: &[&str]| {
        let mut command = cargo(arguments);
        command.current_dir(&project).env("CARGO_INCREMENTAL", "0");
        command.env("CARGO_TARGET_DIR", project.join("target"));
        run_command(&mut command)
    };
    cargo_there(&["build", "--quiet"])?;
    let mut times = Vec::new();
    for _ in 0..3 {
        cargo_there(&["clean", "--quiet", "--package", name])?;
        let began = Instant::now();
        cargo_there(&["build", "--quiet", "--package", name])?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[1])
}
