use anyhow::Context as _;
use clap::Subcommand;
use clock::Entropy;
use key_ring::KeyRing;

use crate::config::Config;
use crate::first_start;
use crate::output::say;

#[derive(Subcommand)]
pub(super) enum Keys {
    /// Makes the key ring's file, mode 0600, and never overwrites one. Example: memberpass-telegram keys create --master-key /etc/memberpass/master.key
    Create,
}

pub(super) fn run(keys: &Keys, config: &Config) -> anyhow::Result<()> {
    let Keys::Create = keys;
    if !config.master_key_was_named {
        first_start::data_dir(&config.data_dir)?;
    }
    let path = config.master_key.display();
    KeyRing::create(&config.master_key, &Entropy::system())
        .with_context(|| format!("no key was written to {path}"))?;
    say(format_args!(
        "Made {path}. Keep a copy elsewhere: without it, stored bot tokens cannot be opened."
    ))?;
    Ok(())
}
