//! Where Postgres's programs are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;

/// Where Debian puts them, a folder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder that holds `initdb` and `pg_ctl`: through `PATH`, by asking `pg_config`, or in Debian's folder, newest first.
pub(crate) fn find() -> Option<PathBuf> {
    in_path()
        .or_else(told_by_pg_config)
        .or_else(|| newest(Path::new(DEBIAN)))
}

fn in_path() -> Option<PathBuf> {
    // Postgres looks for its other files beside the program itself, not beside a link to it.
    let initdb = command::in_path("initdb")?.canonicalize().ok()?;
    initdb
        .parent()
        .filter(|folder| is_complete(folder))
        .map(Path::to_owned)
}

fn told_by_pg_config() -> Option<PathBuf> {
    command::in_path("pg_config")?;
    let told = command::read(Command::new("pg_config").arg("--bindir")).ok()?;
    Some(PathBuf::from(told.trim())).filter(|folder| is_complete(folder))
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(versions)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| is_complete(folder))
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder)
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn the_newest_complete_version_is_taken() {
        let scratch = Scratch::new("test").unwrap();
        for (version, complete) in [("9", true), ("15", true), ("16", false), ("common", true)] {
            let folder = scratch.path().join(version).join("bin");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("initdb"), "").unwrap();
            if complete {
                fs::write(folder.join("pg_ctl"), "").unwrap();
                fs::write(folder.join("postgres"), "").unwrap();
            }
        }
        assert_eq!(newest(scratch.path()), Some(scratch.path().join("15/bin")));
        assert_eq!(newest(&scratch.path().join("nowhere")), None);
    }
}
