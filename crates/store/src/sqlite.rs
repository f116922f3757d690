//! How a SQLite file is made, recognised and opened.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, ConnectionError, ConnectionResult, SqliteConnection};
use diesel_async::pooled_connection::{ManagerConfig, RecyclingMethod};
use futures_util::FutureExt as _;

use crate::backend::Sqlite;
use crate::error::{Error, Result};

/// Makes the file if there is none, for its owner alone, and refuses one that is somebody else's before anything is written.
pub(crate) fn prepare(path: &Path) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Error::Folder(folder.into()));
    }
    if is_empty(path)? {
        mark(path)?;
    }
    recognise(path)?;
    // Outside the pool first: the pool would keep trying and then say only that the time was up.
    establish(path).map(drop).map_err(Error::file(path))
}

/// Writes our mark into a new file, before the file knows of WAL: so it is in the header at once.
fn mark(path: &Path) -> Result<()> {
    let mut link = open(path).map_err(Error::file(path))?;
    let marking = format!("PRAGMA busy_timeout = 5000; PRAGMA application_id = {APPLICATION_ID};");
    Ok(link.batch_execute(&marking)?)
}

/// A connection that writes.
pub(crate) fn establish(path: &Path) -> ConnectionResult<SqliteConnection> {
    let mut link = open(path)?;
    link.batch_execute(PRAGMAS)
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    #[cfg(feature = "failpoints")]
    if is_careless() {
        link.batch_execute("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;")
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(link)
}

/// A connection of the pool. There are many, and each keeps what it has read: the inner pages of a few tables are worth that, since
/// the system remembers the others anyway.
fn establish_pooled(path: &Path) -> ConnectionResult<SqliteConnection> {
    let mut link = establish(path)?;
    link.batch_execute("PRAGMA cache_size = -256;")
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(link)
}

/// The power-loss suite proves with this that it would see a loss: nothing is synced before it is acknowledged, nor later by moving
/// the log.
#[cfg(feature = "failpoints")]
pub(crate) fn is_careless() -> bool {
    fail::fail_point!("sqlite-synchronous-normal", |_| true);
    false
}

fn open(path: &Path) -> ConnectionResult<SqliteConnection> {
    let path = path.to_str().ok_or_else(|| {
        ConnectionError::InvalidConnectionUrl("the path of the file is not UTF-8".into())
    })?;
    SqliteConnection::establish(path)
}

pub(crate) fn pool_config() -> ManagerConfig<Sqlite> {
    let mut config = ManagerConfig::default();
    // A file does not hang up: no query is needed to see whether the connection still stands.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(|path| {
        let path = PathBuf::from(path);
        async move {
            tokio::task::spawn_blocking(move || establish_pooled(&path))
                .await
                .unwrap_or_else(|error| Err(ConnectionError::BadConnection(error.to_string())))
                .map(Sqlite::new)
        }
        .boxed()
    });
    config
}

/// The path of a file that belongs to the database, beside it.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Opens a file, made for its owner alone.
pub(crate) fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn is_empty(path: &Path) -> Result<bool> {
    let file = open_private(path).map_err(Error::file(path))?;
    let length = file.metadata().map_err(Error::file(path))?.len();
    Ok(length == 0)
}

/// Reads the file's header by hand, so that a foreign database is not even switched to WAL.
///
/// The header is described in <https://www.sqlite.org/fileformat2.html#the_database_header>.
fn recognise(path: &Path) -> Result<()> {
    let mut header = [0; 100];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    let why = match read {
        Err(_) => "it is shorter than any SQLite database",
        Ok(()) if !header.starts_with(b"SQLite format 3\0") => "it is not a SQLite database",
        Ok(()) if header[68..72] != APPLICATION_ID.to_be_bytes() => "another application made it",
        Ok(()) => return Ok(()),
    };
    Err(Error::NotOurs {
        path: path.into(),
        why,
    })
}

/// "MPtg" in the header of every database file that this software makes.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"MPtg");

const PRAGMAS: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA foreign_keys = ON;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
";
