//! `cargo xtask ci`: what runs on every change.

use anyhow::Result;

use crate::command::{self, cargo};
use crate::steps::Steps;
use crate::test;

/// Everything that `cargo xtask test` does, and `cargo deny`.
pub(crate) fn run(options: &test::Options) -> Result<()> {
    let tested = test::run(options);
    let mut steps = Steps::start();
    steps.step("deny: bans, licences, sources", || {
        deny(&["bans", "licenses", "sources"])
    });
    // Apart, for it alone needs the internet.
    steps.step("deny: advisories", || deny(&["advisories"]));
    steps.finish().and(tested)
}

fn deny(checks: &[&str]) -> Result<()> {
    if command::in_path("cargo-deny").is_none() {
        println!("cargo-deny is missing: cargo install --locked cargo-deny");
        command::run(&mut cargo(["install", "--locked", "cargo-deny"]))?;
    }
    command::run(cargo(["deny", "--all-features", "check"]).args(checks))
}
