//! `cargo xtask`: all that developers of this workspace repeat.

#![expect(
    clippy::print_stdout,
    reason = "its output is for the person who started it"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a developer's tool: it reads the environment and the clock freely"
)]

mod apt;
mod bench;
mod ci;
mod codegen;
mod command;
mod demo;
mod fuzz;
mod migrate;
mod postgres;
mod scratch;
mod stage;
mod steps;
mod test;
mod tidy;
mod torture;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "All that developers of this workspace repeat"
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs every check on every backend; what it needs and does not find it installs, or says how.
    Test(test::Options),
    /// Runs what runs on every change: `test`, then `cargo deny`.
    Ci(test::Options),
    /// Starts the simulator and the server, connects bots, and shows how they answer, what breaks them, who is told and how they heal.
    Demo(demo::Options),
    /// Moves a database along the migrations, or makes a new one.
    Migrate {
        #[command(subcommand)]
        task: migrate::Task,
    },
    /// Writes the Bot API's types and methods anew from the schema kept in the crate.
    Codegen {
        /// Changes nothing; fails when what is there differs from what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Runs one command beside a throwaway Postgres, such as `cargo xtask with-postgres cargo test -p store`.
    WithPostgres {
        #[arg(trailing_var_arg = true, required = true)]
        command: Vec<std::ffi::OsString>,
    },
    /// Checks the workspace's own rules: floors, circles, lengths, migrations, words, links.
    Tidy,
    /// Gives arbitrary bytes to whatever reads bytes from outside, with libFuzzer.
    Fuzz(fuzz::Options),
    /// Kills the server under load, hundreds of times, and cuts its power: nothing acknowledged may be lost.
    Torture(torture::Options),
    /// Measures.
    Bench {
        #[command(subcommand)]
        bench: bench::Bench,
    },
}

fn main() -> ExitCode {
    match carry_out(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(task: Task) -> anyhow::Result<()> {
    match task {
        Task::Test(options) => test::run(&options),
        Task::Ci(options) => ci::run(&options),
        Task::Demo(options) => demo::run(&options),
        Task::Migrate { task } => migrate::run(&task),
        Task::Codegen { check } => codegen::run(check),
        Task::WithPostgres { command } => postgres::beside(&command),
        Task::Tidy => tidy::run(),
        Task::Torture(options) => torture::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Bench { bench } => bench::run(&bench),
    }
}
