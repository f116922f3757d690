//! `cargo xtask test`: everything, on every backend.

mod count;

use std::process::Command;

use anyhow::Result;

use self::count::Count;
use crate::command::{self, cargo};
use crate::postgres::{self, Postgres};
use crate::stage::openssl::OpenSsl;
use crate::steps::Steps;
use crate::{codegen, demo, tidy, torture};

/// What `cargo xtask test` is told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leaves out the documentation build, the demo, the kills and the bench.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Installs what the tests need and this machine lacks. Root and CI need not say so.
    #[arg(long)]
    pub(crate) install: bool,
}

/// Runs every check; the last line counts the tests.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::start();
    let mut count = Count::default();
    steps.step("tidy", tidy::run);
    steps.step("codegen --check", || codegen::run(true));
    steps.step("fmt", || {
        command::run(&mut cargo(["fmt", "--all", "--check"]))
    });
    steps.step("clippy", || command::run(&mut clippy()));
    if options.quick {
        println!("\n--quick leaves out: doc, demo --check, torture --quick, the bench's own check");
    } else {
        steps.step("doc", || command::run(&mut doc()));
    }
    steps.step("test", || {
        OpenSsl::ready(may_install(options))?;
        let postgres = Postgres::ready(may_install(options))?;
        count.follow(tests().env(postgres::VARIABLE, postgres.url()))
    });
    if !options.quick {
        steps.step("demo --check", || demo::check(&EVERYTHING));
        steps.step("torture --quick", || torture::check(&EVERYTHING));
        steps.step("clippy of the bench", || command::run(&mut bench_clippy()));
    }
    let outcome = steps.finish();
    println!("{count}");
    outcome
}

fn may_install(options: &Options) -> bool {
    options.install || std::env::var_os("CI").is_some() || command::is_root()
}

/// The same packages, features and profile in every step, so that each dependency is built once.
const EVERYTHING: [&str; 2] = ["--workspace", "--all-features"];

fn clippy() -> Command {
    let mut command = cargo(["clippy", "--all-targets"]);
    command.args(EVERYTHING).args(["--", "-D", "warnings"]);
    command
}

/// The bench is a workspace of its own, so that the receivers it compares with stay out of ours. They are not checked here.
fn bench_clippy() -> Command {
    let mut command = cargo(["clippy", "--manifest-path", "xtask/bench/Cargo.toml"]);
    command.args(["--package", "load", "--all-targets", "--target-dir"]);
    command.args(["target/bench", "--", "-D", "warnings"]);
    command
}

/// Libraries only: a program of the same name as a library would overwrite its pages.
fn doc() -> Command {
    let mut command = cargo(["doc", "--lib", "--no-deps"]);
    command.args(EVERYTHING).env("RUSTDOCFLAGS", "-D warnings");
    command
}

fn tests() -> Command {
    let mut command = cargo(["test", "--no-fail-fast"]);
    command.args(EVERYTHING);
    command
}
