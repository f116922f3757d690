//! The webhook path beside other receivers. What measures is a workspace of its own, `xtask/bench`: here it is built and run.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{cargo, run as run_command, target_directory, workspace_root};
use crate::scratch::Scratch;

/// All options go to the program that measures; `--help` tells them.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<OsString>,
}

pub(crate) fn run(Options { options }: &Options) -> Result<()> {
    let target = target_directory()?;
    let bench = target.join("bench");
    // Apart: built together they would share features that none of them asks for alone.
    build_there(&["--profile", "load", "--package", "load"], &bench)?;
    let mut load = Command::new(bench.join("load/load"));
    load.args(options);
    if asks_for_help(options) {
        return run_command(&mut load);
    }
    build_there(&["--release", "--package", "receivers"], &bench)?;
    if !names_server(options) {
        run_command(&mut cargo([
            "build",
            "--release",
            "--package",
            "memberpass-telegram",
        ]))?;
        load.arg("--server")
            .arg(target.join("release/memberpass-telegram"));
    }
    let scratch = Scratch::new("bench")?;
    load.arg("--receivers").arg(bench.join("release"));
    load.arg("--scratch").arg(scratch.path());
    load.arg("--slow-disk").arg(slow_disk(&bench)?);
    // Paths on the command line are meant from where it was typed.
    run_command(&mut load)
}

fn build_there(what: &[&str], target: &Path) -> Result<()> {
    let mut build = cargo(["build"]);
    build.args(what).env("CARGO_TARGET_DIR", target);
    build.current_dir(workspace_root().join("xtask/bench"));
    run_command(&mut build)
}

/// Compiles the shim that delays each fsync.
fn slow_disk(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let library = folder.join("disk.so");
    let mut compiler = Command::new("cc");
    compiler.args([
        "-std=gnu11",
        "-O2",
        "-U_FORTIFY_SOURCE",
        "-shared",
        "-fPIC",
        "-o",
    ]);
    compiler
        .arg(&library)
        .arg(workspace_root().join("xtask/shim/disk.c"));
    compiler.args(["-ldl", "-lpthread"]);
    run_command(&mut compiler).context("a slow disk needs Linux and a C compiler")?;
    Ok(library)
}

fn asks_for_help(options: &[OsString]) -> bool {
    options
        .iter()
        .any(|option| option == "--help" || option == "-h")
}

fn names_server(options: &[OsString]) -> bool {
    let named = |option: &OsString| {
        option
            .to_str()
            .is_some_and(|text| text.starts_with("--server"))
    };
    options.iter().any(named)
}
