//! What the server makes for itself when it finds nothing: its directory, its master key, a first API token.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use clock::Entropy;
use key_ring::KeyRing;
use management_api::{Abilities, ApiTokens};

use crate::config::Config;

/// Makes the data directory, mode 0700, unless it is there.
pub(crate) fn data_dir(path: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| {
            format!(
                "the data directory {} cannot be made; give another with --data-dir",
                path.display()
            )
        })
}

/// Reads the key ring; at a first start on the embedded default, makes it.
pub(crate) fn key_ring(config: &Config, entropy: &Entropy) -> anyhow::Result<KeyRing> {
    let path = &config.master_key;
    if path.exists() || config.master_key_was_named {
        return KeyRing::load(path)
            .with_context(|| format!("the master key in {} cannot be used", path.display()));
    }
    let database = config.data_dir.join("memberpass.db");
    anyhow::ensure!(
        !database.exists(),
        "{} is missing although {} is there: put the key back from its backup. \
         Without it no stored bot token can be opened; to begin anew, move the data directory away",
        path.display(),
        database.display()
    );
    anyhow::ensure!(
        config.database.sqlite_file().is_some(),
        "{} is missing: on Postgres every server needs the same key, so none is made. \
         Make one with `memberpass-telegram keys create`, keep a copy, and name it with --master-key",
        path.display()
    );
    let ring = KeyRing::create(path, entropy)
        .with_context(|| format!("the master key cannot be written to {}", path.display()))?;
    tracing::info!(file = %path.display(), "made a master key; keep a copy of it elsewhere");
    Ok(ring)
}

/// Mints a first API token into a file of mode 0600, when there is no token yet.
pub(crate) async fn api_token(data_dir: &Path, tokens: &ApiTokens) -> anyhow::Result<()> {
    let path = data_dir.join("api-token");
    if !tokens.list().await?.is_empty() {
        return Ok(());
    }
    let token = tokens
        .mint("made at the first start", Abilities::all(), None)
        .await?;
    let mut options = std::fs::OpenOptions::new();
    // A file left by an earlier database holds a token that is worth nothing now.
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| {
            format!(
                "the first API token cannot be written to {}",
                path.display()
            )
        })?;
    writeln!(file, "{}", token.expose())?;
    file.sync_all()?;
    tracing::info!(file = %path.display(), token = %token.id(), "made a first API token");
    Ok(())
}
