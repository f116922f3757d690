//! Makes the folders of a new migration.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Makes `NNNN_<name>/{up,down}.sql` for both databases; returns the folders.
pub(crate) fn make(migrations: &Path, name: &str, requests: bool) -> Result<Vec<PathBuf>> {
    let is_small = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
    if name.is_empty() || !name.chars().all(is_small) {
        bail!("`{name}` cannot be a migration's name: small letters, digits and underscores");
    }
    // The request log counts from 9001: on Postgres both sets are booked in one table.
    let (suffix, first) = if requests {
        ("-requests", 9_001)
    } else {
        ("", 1)
    };
    let sets =
        ["sqlite", "postgres"].map(|database| migrations.join(format!("{database}{suffix}")));
    let mut number = first;
    for set in &sets {
        number = number.max(next_number(set)?);
    }
    let mut made = Vec::new();
    for set in sets {
        let folder = set.join(format!("{number:04}_{name}"));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(folder.join("up.sql"), UP)?;
        fs::write(folder.join("down.sql"), DOWN)?;
        made.push(folder);
    }
    Ok(made)
}

const UP: &str = "-- What changes, why, and which crate owns the table. The version before must still run on the result.\n";
const DOWN: &str = "-- Undoes up.sql and nothing else.\n";

fn next_number(set: &Path) -> Result<u32> {
    if !set.is_dir() {
        return Ok(0);
    }
    let mut next = 0;
    for entry in fs::read_dir(set).with_context(|| format!("cannot read {}", set.display()))? {
        let name = entry?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.split_once('_')?.0.parse::<u32>().ok());
        next = next.max(number.map_or(0, |number| number + 1));
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn both_twins_get_the_next_number() {
        let scratch = Scratch::new("test").unwrap();
        fs::create_dir_all(scratch.path().join("postgres/0007_words")).unwrap();
        let made = make(scratch.path(), "labels", false).unwrap();
        assert_eq!(made[0], scratch.path().join("sqlite/0008_labels"));
        assert_eq!(made[1], scratch.path().join("postgres/0008_labels"));
        assert!(fs::exists(made[1].join("down.sql")).unwrap());
        let made = make(scratch.path(), "hosts", true).unwrap();
        assert_eq!(made[0], scratch.path().join("sqlite-requests/9001_hosts"));
        assert!(make(scratch.path(), "Not so", false).is_err());
    }
}
