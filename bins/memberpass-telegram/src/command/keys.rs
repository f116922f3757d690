mod doer;
mod here;
mod told;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use clock::Entropy;
use ids::KeyId;
use key_ring::KeyRing;
use serde_json::{Value, json};

use self::doer::Doer;
use crate::config::Config;
use crate::first_start;
use crate::output::{progress, say, say_json};

#[derive(Args)]
pub(super) struct Keys {
    /// For machines.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Makes the key ring's file, mode 0600, and never overwrites one. Example: memberpass-telegram keys create --master-key /etc/memberpass/master.key
    Create,
    /// Lists the keys, what needs each, and what is to be done next. Example: memberpass-telegram keys status
    Status,
    /// Adds a key that only opens; `keys promote` has it used. Example: memberpass-telegram keys add
    Add,
    /// Makes new secrets with this key from now on. Example: memberpass-telegram keys promote 2
    Promote {
        /// The key's id.
        id: KeyId,
    },
    /// Seals tokens and secrets anew under the primary key. It may be stopped and run again. Example: memberpass-telegram keys rewrap
    Rewrap,
    /// Forgets a key for good, once nothing needs it. Example: memberpass-telegram keys retire 1
    Retire {
        /// The key's id.
        id: KeyId,
    },
    /// Has the running server read its keys again that were changed by hand. Example: memberpass-telegram keys reload
    Reload,
}

pub(super) async fn run(keys: Keys, config: &Config) -> anyhow::Result<()> {
    let Keys { json, what } = keys;
    if let What::Create = what {
        return create(config, json);
    }
    let mut doer = Doer::find(config).await?;
    let told = match what {
        What::Create => return Ok(()),
        What::Status => doer.status().await?,
        What::Add => doer.add().await?,
        What::Promote { id } => doer.promote(id).await?,
        What::Rewrap => rewrap(&mut doer).await?,
        What::Retire { id } => doer.retire(id).await?,
        What::Reload => doer.reload().await?,
    };
    if json {
        return say_json(&told);
    }
    for line in lines(&what, &told) {
        say(line)?;
    }
    if !matches!(what, What::Status) {
        let next = doer.status().await?;
        say(format_args!("next: {}", told::next(&next)))?;
    }
    Ok(())
}

fn create(config: &Config, json: bool) -> anyhow::Result<()> {
    if !config.master_key_was_named {
        first_start::data_dir(&config.data_dir)?;
    }
    let path = config.master_key.display();
    KeyRing::create(&config.master_key, &Entropy::system())
        .with_context(|| format!("no key was written to {path}"))?;
    if json {
        return say_json(&json!({ "file": path.to_string() }));
    }
    say(format_args!(
        "Made {path}. Keep a copy elsewhere: without it, stored bot tokens cannot be opened."
    ))?;
    Ok(())
}

/// Share after share, with a line of progress after each; whoever stops it goes on by running it again.
async fn rewrap(doer: &mut Doer<'_>) -> anyhow::Result<Value> {
    let found = told::sealed_elsewhere(&doer.status().await?);
    let mut done = told::Rewrapped::default();
    let mut cursor = None;
    loop {
        let share = doer.rewrap(cursor.as_deref()).await?;
        done.add(&share);
        cursor = share["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(done.value(found));
        }
        progress(format_args!("{} of {found} sealed anew", done.sealed()));
    }
}

fn lines(what: &What, told: &Value) -> Vec<String> {
    let key = &told["key"];
    match what {
        What::Status => told::status(told),
        What::Rewrap => told::rewrapped(told),
        What::Add if told["was_there"] == true => {
            vec![format!(
                "key {key} was added before, and waits to be promoted"
            )]
        }
        What::Add => vec![format!(
            "added key {key}, which only opens; copy the key file before you promote it"
        )],
        What::Promote { .. } => vec![format!("new secrets are made with key {key}")],
        What::Retire { .. } => vec![format!("key {key} is retired; its id stays taken")],
        What::Reload if told["changed"] == true => vec!["the keys were read again".to_owned()],
        What::Reload => vec!["the keys were read again, and are those it had".to_owned()],
        What::Create => Vec::new(),
    }
}
