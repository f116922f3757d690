//! A migration exists for both databases, goes up and down, and never changes once it is written down as released.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::tree::Tree;

const FOLDER: &str = "migrations/";
/// What a folder of migrations for one database is named after, and its twin.
const TWINS: (&str, &str) = ("sqlite", "postgres");

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let sets = sets(tree);
    let mut findings = Vec::new();
    for (set, migrations) in &sets {
        let Some(twin) = twin(set) else {
            let what = "is a set of migrations for no database";
            findings.push(Finding::new(set, what, "name it after sqlite or postgres"));
            continue;
        };
        let others = sets.get(&twin);
        for (name, files) in migrations {
            let place = format!("{set}/{name}");
            if !is_name(name) {
                let mend = "four digits, an underscore, then small letters, digits and underscores";
                findings.push(Finding::new(
                    &place,
                    "a migration's name is not like that",
                    mend,
                ));
            }
            for missing in ["up.sql", "down.sql"]
                .iter()
                .filter(|file| !files.contains(**file))
            {
                findings.push(Finding::new(&place, format!("no {missing}"), "write it"));
            }
            if others.is_none_or(|others| !others.contains_key(name)) {
                let what = format!("has no twin {twin}/{name}");
                findings.push(Finding::new(
                    &place,
                    what,
                    "`cargo xtask migrate new` makes both",
                ));
            }
        }
    }
    findings
}

/// For each folder of migrations: its migrations, each with its files.
type Sets = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn sets(tree: &Tree) -> Sets {
    let mut sets = Sets::new();
    for file in tree
        .files
        .iter()
        .filter(|file| file.path.starts_with(FOLDER))
    {
        let mut parts = file.path.rsplitn(3, '/');
        if let (Some(name), Some(migration), Some(set)) = (parts.next(), parts.next(), parts.next())
            && set != FOLDER.trim_end_matches('/')
        {
            let migrations = sets.entry(set.to_owned()).or_default();
            migrations
                .entry(migration.to_owned())
                .or_default()
                .insert(name.to_owned());
        }
    }
    sets
}

fn twin(set: &str) -> Option<String> {
    let (sqlite, postgres) = TWINS;
    if set.contains(sqlite) {
        Some(set.replace(sqlite, postgres))
    } else {
        set.contains(postgres)
            .then(|| set.replace(postgres, sqlite))
    }
}

fn is_name(name: &str) -> bool {
    let Some((number, words)) = name.split_once('_') else {
        return false;
    };
    let is_small = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
    number.len() == 4
        && number.chars().all(|char| char.is_ascii_digit())
        && !words.is_empty()
        && words.chars().all(is_small)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::SourceFile;

    fn found(paths: &[&str]) -> Vec<String> {
        let files = paths
            .iter()
            .map(|path| SourceFile::new(*path, ""))
            .collect();
        check(&Tree {
            root: "/".into(),
            files,
        })
        .iter()
        .map(ToString::to_string)
        .collect()
    }

    const COMPLETE: [&str; 4] = [
        "migrations/sqlite/0001_start/up.sql",
        "migrations/sqlite/0001_start/down.sql",
        "migrations/postgres/0001_start/up.sql",
        "migrations/postgres/0001_start/down.sql",
    ];

    #[test]
    fn twins_pass() {
        assert!(found(&COMPLETE).is_empty());
        assert!(found(&["migrations/README.md"]).is_empty());
    }

    #[test]
    fn what_is_missing_is_found() {
        assert!(found(&COMPLETE[..3])[0].contains("no down.sql"));
        assert!(found(&COMPLETE[..2])[0].contains("no twin migrations/postgres/0001_start"));
        let misnamed: Vec<String> = COMPLETE
            .iter()
            .map(|path| path.replace("0001_s", "1-S"))
            .collect();
        let misnamed: Vec<&str> = misnamed.iter().map(String::as_str).collect();
        assert_eq!(found(&misnamed).len(), 2);
        assert!(found(&["migrations/oracle/0001_start/up.sql"])[0].contains("no database"));
    }
}
