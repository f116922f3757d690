//! Words that Rust code may hold in some places only.

use super::finding::Finding;
use super::tree::{SourceFile, Tree};

/// A word of code and where it may stand.
struct Rule {
    /// As written in code; comments and strings do not count.
    words: &'static [&'static str],
    /// Folders and files that may hold it.
    allowed: &'static [&'static str],
    mend: &'static str,
}

const RULES: [Rule; 3] = [
    Rule {
        words: &[
            "diesel::pg",
            "diesel::sqlite",
            "Sqlite",
            "Postgres",
            "PgConnection",
            "AsyncPgConnection",
            "SqliteConnection",
        ],
        allowed: &[
            "crates/store/",
            "bins/memberpass-telegram/src/config",
            "xtask/",
        ],
        mend: "only store names a backend: write the query once, as a value, and hand it to a store connection",
    },
    Rule {
        words: &[
            "env::var",
            "env::vars",
            "env::var_os",
            "env::vars_os",
            "option_env!",
        ],
        allowed: &["bins/", "crates/store/src/testing", "xtask/"],
        mend: "only the server's configuration reads the environment: take the value as a parameter",
    },
    Rule {
        words: &["#[allow(", "#![allow("],
        allowed: &[],
        mend: "write #[expect(lint, reason = \"…\")], which complains once it is not needed any more",
    },
];

/// Names both backends by need: diesel checks a row's types against each.
const CHECK_FOR_BACKEND: &str = "check_for_backend(";

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    let code = without_backend_checks(&file.code);
    let mut findings = Vec::new();
    for rule in RULES.iter().filter(|rule| !file.is_under(rule.allowed)) {
        for (number, line) in code.lines().enumerate() {
            if let Some(word) = rule.words.iter().find(|word| holds(line, word)) {
                let place = format!("{}:{}", file.path, number + 1);
                findings.push(Finding::new(place, format!("`{word}`"), rule.mend));
            }
        }
    }
    findings
}

/// Whether the line holds this word, and not only as a part of a longer one.
pub(crate) fn holds(line: &str, word: &str) -> bool {
    let is_part =
        |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
    let starts_as_word = is_part(word.chars().next());
    let ends_as_word = is_part(word.chars().next_back());
    line.match_indices(word).any(|(at, _)| {
        let before = is_part(line[..at].chars().next_back());
        let after = is_part(line[at + word.len()..].chars().next());
        !(starts_as_word && before || ends_as_word && after)
    })
}

fn without_backend_checks(code: &str) -> String {
    let mut left = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(CHECK_FOR_BACKEND) {
        let inside = at + CHECK_FOR_BACKEND.len();
        let end = rest[inside..]
            .find(')')
            .map_or(rest.len(), |end| inside + end);
        left.push_str(&rest[..inside]);
        left.extend(rest[inside..end].chars().filter(|char| *char == '\n'));
        rest = &rest[end..];
    }
    left + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check_file(&SourceFile::new(path, text))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn backends_are_named_in_store_only() {
        let named = "type Backend = diesel::sqlite::Sqlite;";
        assert_eq!(found("crates/update-inbox/src/lib.rs", named).len(), 1);
        assert!(found("crates/store/src/lib.rs", named).is_empty());
        let checked = "#[diesel(check_for_backend(\ndiesel::pg::Pg,\ndiesel::sqlite::Sqlite))]\nstruct A; // Sqlite";
        assert!(found("crates/update-inbox/src/lib.rs", checked).is_empty());
        let later = format!("{checked}\ntype B = Postgres;");
        assert!(
            found("crates/update-inbox/src/lib.rs", &later)[0]
                .starts_with("crates/update-inbox/src/lib.rs:5")
        );
    }

    #[test]
    fn the_environment_is_read_by_programs_only() {
        let reading = "fn a() { std::env::var(\"A\"); }";
        assert_eq!(found("crates/clock/src/lib.rs", reading).len(), 1);
        assert!(found("bins/memberpass-telegram/src/config.rs", reading).is_empty());
        assert!(
            found(
                "crates/clock/src/lib.rs",
                "fn a() { env::variable(); env!(\"A\"); }"
            )
            .is_empty()
        );
    }

    #[test]
    fn lints_are_expected_not_allowed() {
        assert_eq!(
            found("crates/clock/src/lib.rs", "#[allow(dead_code)]\nfn a() {}").len(),
            1
        );
        assert!(
            found(
                "crates/clock/src/lib.rs",
                "#[expect(dead_code, reason = \"b\")]\nfn a() {}"
            )
            .is_empty()
        );
    }
}
