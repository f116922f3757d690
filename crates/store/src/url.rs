use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tokio_postgres::config::SslMode;

use crate::error::{Error, Result};

/// Where the database is. It may hold a password, so it prints none of itself.
///
/// `sqlite:memberpass.db`, `sqlite:/var/lib/memberpass/memberpass.db`, or `postgres://user:password@host:port/name`. A Postgres URL
/// takes libpq's parameters (`?host=/run/postgresql`, `?options=-csearch_path%3Dapp`).
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub(crate) Place);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Postgres(String),
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// The SQLite database in this file.
    #[must_use]
    pub fn of_sqlite_file(path: impl Into<PathBuf>) -> Self {
        Self(Place::Sqlite(path.into()))
    }

    /// The file of a SQLite database; nothing for Postgres.
    #[must_use]
    pub fn sqlite_file(&self) -> Option<&Path> {
        match &self.0 {
            Place::Postgres(_) => None,
            Place::Sqlite(path) => Some(path),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        match url.split_once(':') {
            Some(("postgres" | "postgresql", _)) => postgres(url),
            Some(("sqlite", path)) => sqlite(path),
            _ => Err(Error::Url),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Postgres(_) => f.write_str("postgres:(redacted)"),
            Place::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

fn postgres(url: &str) -> Result<DatabaseUrl> {
    // Modes that the client does not know (verify-ca, verify-full) would otherwise read as a malformed URL.
    if let Some(mode) =
        ssl_mode(url).filter(|mode| !matches!(*mode, "disable" | "prefer" | "allow"))
    {
        return Err(Error::Tls { mode: mode.into() });
    }
    let config: tokio_postgres::Config = url.parse().map_err(|_| Error::Url)?;
    match config.get_ssl_mode() {
        SslMode::Disable | SslMode::Prefer => Ok(DatabaseUrl(Place::Postgres(url.into()))),
        // Never fall back to plain text where TLS was asked for.
        _ => Err(Error::Tls {
            mode: "require".into(),
        }),
    }
}

fn ssl_mode(url: &str) -> Option<&str> {
    let (_, parameters) = url.split_once('?')?;
    parameters
        .split('&')
        .find_map(|pair| pair.strip_prefix("sslmode="))
}

fn sqlite(path: &str) -> Result<DatabaseUrl> {
    let path = path.strip_prefix("//").unwrap_or(path);
    // Each connection of a pool would get an empty database of its own.
    let in_memory = path.is_empty() || path.starts_with(":memory:") || path.starts_with("file:");
    if in_memory || path.contains('\0') {
        return Err(Error::Url);
    }
    Ok(DatabaseUrl(Place::Sqlite(path.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_database() {
        for (url, file) in [
            ("sqlite:memberpass.db", Some("memberpass.db")),
            ("sqlite:/var/lib/x.db", Some("/var/lib/x.db")),
            ("sqlite:///var/lib/x.db", Some("/var/lib/x.db")),
            ("postgres://me:secret@localhost/x", None),
            ("postgresql://me@localhost/x?sslmode=disable", None),
        ] {
            let parsed: DatabaseUrl = url.parse().unwrap();
            assert_eq!(parsed.sqlite_file(), file.map(Path::new), "{url}");
            assert!(!format!("{parsed:?}").contains("secret"));
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in [
            "",
            "memberpass.db",
            "mysql://x",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:file:x?mode=memory",
        ] {
            assert!(
                matches!(url.parse::<DatabaseUrl>(), Err(Error::Url)),
                "{url}"
            );
        }
    }

    #[test]
    fn tls_is_refused_and_never_left_out_in_silence() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let url = format!("postgres://me:secret@localhost/x?sslmode={mode}");
            let error = url.parse::<DatabaseUrl>().unwrap_err();
            assert!(
                matches!(&error, Error::Tls { mode: named } if named == mode),
                "{error}"
            );
            assert!(!error.to_string().contains("secret"));
        }
    }
}
