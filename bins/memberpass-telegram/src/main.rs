//! `memberpass-telegram`: receives the updates of MemberPass's bots and answers them.

mod command;
mod compose;
mod config;
mod descriptors;
mod first_start;
mod greeting;
mod journal;
mod key_source;
mod local_api;
mod logging;
mod metrics;
mod output;
mod performing;
mod readiness;
mod serve;
mod upkeep;

use std::process::ExitCode;

/// Many small pieces of memory, made on one thread and given back on another: what the system's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // `cargo xtask torture` says in the environment where to abort.
    #[cfg(feature = "failpoints")]
    let _told = fail::FailScenario::setup();
    match command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
