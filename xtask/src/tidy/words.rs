//! Words that no file may hold, and hosts that documents may name. Both lists are files beside this one.

use super::code::holds;
use super::finding::Finding;
use super::tree::{SourceFile, Tree};

/// One rule a line: `word | how it is mended`. A word that is all letters counts only where it stands alone.
const WORDS: &str = include_str!("words.txt");
/// One host a line; a leading `.` stands for all hosts below it.
const HOSTS: &str = include_str!("hosts.txt");

/// Files that are not ours to word, and the list itself.
const EXEMPT: [&str; 3] = [
    "Cargo.lock",
    "crates/telegram-bot-api/schema/",
    "xtask/src/tidy/words.txt",
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let files = tree.files.iter().filter(|file| !file.is_under(&EXEMPT));
    files
        .flat_map(|file| forbidden(file).into_iter().chain(strange_hosts(file)))
        .collect()
}

fn forbidden(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (word, mend) in entries(WORDS).filter_map(|entry| entry.split_once(" | ")) {
        for (number, _) in file
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| holds(line, word))
        {
            let place = format!("{}:{}", file.path, number + 1);
            findings.push(Finding::new(place, format!("`{word}`"), mend));
        }
    }
    findings
}

/// A document that sends its reader to a host we did not choose.
fn strange_hosts(file: &SourceFile) -> Vec<Finding> {
    let is_document = [".md", ".toml", ".yml"]
        .iter()
        .any(|end| file.path.ends_with(end));
    let lines = file.text.lines().enumerate().filter(|_| is_document);
    lines
        .flat_map(|(number, line)| {
            let strange = hosts(line).filter(|host| !is_known(host));
            strange.map(move |host| {
                let place = format!("{}:{}", file.path, number + 1);
                let mend = "link to the source itself, or add the host to xtask/src/tidy/hosts.txt";
                Finding::new(place, format!("names the host `{host}`"), mend)
            })
        })
        .collect()
}

/// The hosts of the addresses in a line.
fn hosts(line: &str) -> impl Iterator<Item = &str> {
    let after_scheme = line.split("://").skip(1);
    let ends = |char: char| !(char.is_alphanumeric() || char == '.' || char == '-');
    after_scheme.filter_map(move |rest| {
        let authority = rest.split(['/', ' ', ')', '>', '"', '`']).next()?;
        let host = authority.rsplit('@').next()?.split(ends).next()?;
        host.contains('.').then_some(host)
    })
}

fn is_known(host: &str) -> bool {
    let is_address = host
        .chars()
        .all(|char| char.is_ascii_digit() || char == '.');
    is_address
        || entries(HOSTS).any(|entry| match entry.strip_prefix('.') {
            Some(parent) => host == parent || host.ends_with(entry),
            None => host == entry,
        })
}

fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree {
            root: "/".into(),
            files: vec![SourceFile::new(path, text)],
        })
        .len()
    }

    #[test]
    fn every_listed_word_is_found() {
        for (word, mend) in entries(WORDS).filter_map(|entry| entry.split_once(" | ")) {
            assert_eq!(found("a.rs", &format!("// {word}")), 1, "{word}");
            assert!(!mend.is_empty());
        }
        assert_eq!(
            entries(WORDS)
                .filter(|entry| !entry.contains(" | "))
                .count(),
            0
        );
        assert_eq!(found("a.rs", "// mastodons"), 0);
    }

    #[test]
    fn documents_name_known_hosts_only() {
        assert_eq!(
            found(
                "a.md",
                "<https://core.telegram.org/bots/api#x> http://127.0.0.1:80/"
            ),
            0
        );
        assert_eq!(
            found(
                "a.md",
                "https://bots.example.com:8443/x https://a@localhost/"
            ),
            0
        );
        assert_eq!(found("a.md", "see https://somewhere.invalid/"), 1);
        assert_eq!(found("a.rs", "// https://somewhere.invalid/"), 0);
    }
}
