//! What the server makes for itself when it finds nothing: its directory, its master key, a first API token.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use clock::Entropy;
use key_ring::KeyRing;
use management_api::{Abilities, ApiTokens, PlainToken};
use store::{Database, Schema};

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

/// A data directory that has an API token belongs to a database: an empty one in its place would take no bot's updates, and say so to
/// nobody.
pub(crate) async fn not_instead_of_another(
    config: &Config,
    database: &Database,
) -> anyhow::Result<()> {
    let token = config.data_dir.join("api-token");
    let Some(file) = database.url().sqlite_file() else {
        return Ok(());
    };
    if !token.exists() {
        return Ok(());
    }
    let migrations = database.migrations(Schema::Main).await?;
    anyhow::ensure!(
        migrations.iter().any(|migration| migration.applied),
        "{} is new and empty, although {} is there from an earlier start: put the database back, or correct --database-url. \
         To begin anew, without any of the bots that were connected, move the data directory away",
        file.display(),
        token.display()
    );
    Ok(())
}

/// Mints a first API token into a file of mode 0600, when there is no token yet.
pub(crate) async fn api_token(data_dir: &Path, tokens: &ApiTokens) -> anyhow::Result<()> {
    let path = data_dir.join("api-token");
    if !tokens.list().await?.is_empty() {
        return Ok(());
    }
    let keep = |token: &PlainToken| {
        write_whole(&path, token.expose())
            .with_context(|| format!("no API token can be written to {}", path.display()))
    };
    // The file first: a token in the database that is in no file would keep every later start from making another.
    let token = tokens
        .mint_kept("made at the first start", Abilities::all(), None, keep)
        .await?;
    tracing::info!(file = %path.display(), token = %token.id(), "made a first API token");
    Ok(())
}

/// Puts a line into a file of mode 0600, in place of whatever it held: an earlier database's token is worth nothing now. The file
/// is there whole or not at all.
fn write_whole(path: &Path, line: &str) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    if let Err(error) = std::fs::remove_file(&fresh)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    writeln!(file, "{line}")?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use clock::Clock;
    use management_api::Environment;
    use store::DatabaseUrl;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_empty_database_does_not_take_the_place_of_one_that_is_gone() {
        use crate::config::Sources;
        let folder = tempfile::tempdir().unwrap();
        let flags = [("data-dir", folder.path().to_str().unwrap().to_owned())];
        let sources = Sources::read(flags.into(), std::iter::empty()).unwrap();
        let config = Config::from_sources(&sources).unwrap();
        let database = Database::open(&config.database, 2).await.unwrap();
        not_instead_of_another(&config, &database).await.unwrap();
        let token = folder.path().join("api-token");
        std::fs::write(&token, "from before").unwrap();
        let refused = not_instead_of_another(&config, &database).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("put the database back"), "{refused}");
        assert_eq!(std::fs::read_to_string(&token).unwrap(), "from before");
        // Its own database may be taken up again, however far it came.
        database.migrate(Schema::Main).await.unwrap();
        not_instead_of_another(&config, &database).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_first_token_is_good_only_once_it_is_in_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::of_sqlite_file(folder.path().join("memberpass.db"));
        let database = Database::open(&url, 2).await.unwrap();
        database.migrate(Schema::Main).await.unwrap();
        let (clock, entropy) = (Clock::system(), Entropy::system());
        let tokens = ApiTokens::new(database, Environment::Test, clock, entropy);

        let absent = folder.path().join("absent");
        assert!(api_token(&absent, &tokens).await.is_err());
        assert!(tokens.list().await.unwrap().is_empty());

        // As after a disk that was full half way, and from an earlier database.
        let path = folder.path().join("api-token");
        std::fs::write(&path, "").unwrap();
        std::fs::write(folder.path().join("api-token.new"), "mp").unwrap();
        api_token(folder.path(), &tokens).await.unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(tokens.verify(written.trim()).await.unwrap().is_some());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        api_token(folder.path(), &tokens).await.unwrap();
        assert_eq!(tokens.list().await.unwrap().len(), 1);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    }
}
