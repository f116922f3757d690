use std::path::PathBuf;

use diesel::result::{DatabaseErrorKind, Error as Diesel};

/// What this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another writer was in the way for too long; trying again may help.
    #[error("another writer is in the way; try again")]
    Busy(#[source] Diesel),
    /// A row with this key already exists.
    #[error("a row with this key already exists")]
    Conflict(#[source] Diesel),
    /// The database cannot be reached, or no connection to it became free in time.
    #[error("no connection to the database")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A SQLite file cannot be opened, made or locked.
    #[error("the database file {} cannot be opened", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the file system or SQLite says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The folder that a SQLite file should lie in is not there.
    #[error("the folder for the database file does not exist: {0}")]
    Folder(PathBuf),
    /// A migration failed; those before it stay applied.
    #[error("migrating the database failed")]
    Migrate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database holds migrations that this build does not know.
    #[error(
        "a newer version of the software has migrated this database (it has migration {version}, unknown here): \
         run that version, or restore a backup from before"
    )]
    Newer {
        /// The first unknown migration's version: the number its name begins with.
        version: String,
    },
    /// A SQLite file that is not a database of this software, or not a whole one.
    #[error("the file {} cannot be used as this database: {why}", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A query failed.
    #[error("a query failed")]
    Query(#[source] Diesel),
    /// A row refers to one that does not exist, or is referred to and cannot go.
    #[error("a row refers to one that does not exist")]
    Reference(#[source] Diesel),
    /// Another process runs on this database.
    #[error(
        "another server process already runs on this database: stop it first, or give this one a database of its own"
    )]
    Taken,
    /// The Postgres URL asks for TLS.
    #[error(
        "the database url asks for TLS (sslmode={mode}), which is not built in yet: reach Postgres over a local \
         socket or a private network, with sslmode=disable"
    )]
    Tls {
        /// The value of `sslmode`.
        mode: String,
    },
    /// The text is no URL of a database.
    #[error(
        "the database url is not understood: it is written sqlite:<path of a file> or postgres://<user>@<host>/<name>"
    )]
    Url,
    /// A write touched another number of rows than it should have.
    #[error("a write touched {touched} rows instead of {expected}")]
    WrongRows {
        /// How many rows it touched.
        touched: usize,
        /// How many it should have touched.
        expected: usize,
    },
}

/// Checks how many rows a write touched.
///
/// # Errors
/// [`Error::WrongRows`] when the count is not the expected one.
pub fn ensure_touched(touched: usize, expected: usize) -> Result<()> {
    if touched == expected {
        Ok(())
    } else {
        Err(Error::WrongRows { touched, expected })
    }
}

impl Error {
    pub(crate) fn file<E>(path: &std::path::Path) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let path = path.to_owned();
        move |source| Self::File {
            path,
            source: source.into(),
        }
    }
}

impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        use DatabaseErrorKind as Kind;
        let Diesel::DatabaseError(kind, information) = &error else {
            return Self::Query(error);
        };
        match kind {
            Kind::UniqueViolation => Self::Conflict(error),
            Kind::ForeignKeyViolation | Kind::RestrictViolation => Self::Reference(error),
            Kind::SerializationFailure => Self::Busy(error),
            Kind::ClosedConnection | Kind::UnableToSendCommand => Self::Connect(error.into()),
            _ if BUSY.contains(&information.message()) => Self::Busy(error),
            _ => Self::Query(error),
        }
    }
}

/// diesel hands on SQLite's code for neither of these, nor Postgres' for the last; these are the servers' own texts.
const BUSY: [&str; 4] = [
    "database is locked",
    "database table is locked",
    "database schema is locked: main",
    "deadlock detected",
];
