//! Moves a database along the workspace's migrations: `migrate up|down|status main|requests`, the database named by
//! `MEMBERPASS_DATABASE_URL`. Started by `cargo xtask migrate`.

#![expect(
    clippy::print_stdout,
    reason = "its output is for the person who started it"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a developer's tool, told by its environment where the database is"
)]

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use store::{Database, DatabaseUrl, Schema};

#[tokio::main]
async fn main() -> ExitCode {
    match carry_out().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [direction, set] = arguments.as_slice() else {
        bail!("usage: migrate up|down|status main|requests");
    };
    let schema = match set.as_str() {
        "main" => Schema::Main,
        "requests" => Schema::Requests,
        other => bail!("`{other}` is no set of migrations: main or requests"),
    };
    let url =
        std::env::var("MEMBERPASS_DATABASE_URL").context("MEMBERPASS_DATABASE_URL is not set")?;
    let url: DatabaseUrl = url.parse()?;
    println!("{url:?}");
    let database = Database::open(&url, 1).await?;
    let is_file = url.sqlite_file().is_some();
    let _claim = match (direction.as_str(), schema) {
        // A server that runs on the file would lose its tables.
        ("up" | "down", Schema::Main) if is_file => Some(database.sole_process().await?),
        _ => None,
    };
    match direction.as_str() {
        "up" => up(&database, schema).await,
        "down" => down(&database, schema).await,
        "status" => status(&database, schema).await,
        other => bail!("`{other}` is no direction: up, down or status"),
    }
}

async fn up(database: &Database, schema: Schema) -> Result<()> {
    let applied = database.migrate(schema).await?;
    for name in &applied {
        println!("applied {name}");
    }
    if applied.is_empty() {
        println!("nothing to apply");
    }
    Ok(())
}

async fn down(database: &Database, schema: Schema) -> Result<()> {
    match database.revert_last(schema).await? {
        Some(name) => println!("reverted {name}"),
        None => println!("nothing to revert"),
    }
    Ok(())
}

async fn status(database: &Database, schema: Schema) -> Result<()> {
    for migration in database.migrations(schema).await? {
        let state = if migration.applied {
            "applied"
        } else {
            "pending"
        };
        println!("{state}  {}", migration.name);
    }
    Ok(())
}
