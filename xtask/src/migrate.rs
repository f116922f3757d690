//! `cargo xtask migrate`: moves a database along `migrations/`, and starts new ones.

mod new;

use std::path::Path;

use anyhow::Result;

use crate::command::{cargo, run as run_command, workspace_root};

/// The variable that names the database.
const VARIABLE: &str = "MEMBERPASS_DATABASE_URL";

/// What to do with migrations.
#[derive(clap::Subcommand)]
pub(crate) enum Task {
    /// Applies every migration that the database has not seen.
    Up(Place),
    /// Undoes the last one that was applied. It drops tables.
    Down(Place),
    /// Lists all of them and says which are applied.
    Status(Place),
    /// Makes the folders of a new one, for SQLite and for Postgres.
    New {
        /// Small letters, digits and underscores, such as `add_labels`.
        name: String,
        /// For the request log's tables.
        #[arg(long)]
        requests: bool,
    },
}

/// Which database.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// `sqlite:<path>` or `postgres://user:password@host:5432/name`; else the variable `MEMBERPASS_DATABASE_URL`, else
    /// the server's own file in its data directory.
    #[arg(long)]
    database_url: Option<String>,
    /// The request log's tables instead of all others.
    #[arg(long)]
    requests: bool,
}

pub(crate) fn run(task: &Task) -> Result<()> {
    match task {
        Task::Up(place) => move_database("up", place),
        Task::Down(place) => move_database("down", place),
        Task::Status(place) => move_database("status", place),
        Task::New { name, requests } => {
            for made in new::make(&workspace_root().join("migrations"), name, *requests)? {
                println!("made {}", made.display());
            }
            Ok(())
        }
    }
}

/// Through a program of its own, so that nobody waits for database clients to be built who does not need them.
fn move_database(direction: &str, place: &Place) -> Result<()> {
    let told = place
        .database_url
        .clone()
        .or_else(|| std::env::var(VARIABLE).ok());
    let url = told.unwrap_or_else(|| embedded_default(place.requests));
    let set = if place.requests { "requests" } else { "main" };
    let mut program = cargo(["run", "--quiet", "--package=xtask", "--features=migrate"]);
    // By its environment: arguments can be read by every user of the machine, and the URL may hold a password.
    program
        .args(["--bin=migrate", "--", direction, set])
        .env(VARIABLE, url);
    run_command(&mut program)
}

/// What the server uses when nothing is said.
fn embedded_default(requests: bool) -> String {
    let folder =
        std::env::var("MEMBERPASS_DATA_DIR").unwrap_or_else(|_| "memberpass-data".to_owned());
    let file = if requests {
        "requests.db"
    } else {
        "memberpass.db"
    };
    format!("sqlite:{}", Path::new(&folder).join(file).display())
}
