//! Files and functions stay short enough to be read in one go.

use super::finding::Finding;
use super::rust::{self, Placed};
use super::tree::{SourceFile, Tree};

const LONGEST_FILE: usize = 500;
const LONGEST_FUNCTION: usize = 80;

/// Prints the medians and finds what is too long.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let written: Vec<&SourceFile> = tree.rust().filter(|file| !file.is_generated()).collect();
    let files: Vec<(usize, String)> = written
        .iter()
        .map(|file| (file.text.lines().count(), file.path.clone()))
        .collect();
    let functions: Vec<(usize, String)> = written.iter().flat_map(|file| functions(file)).collect();
    println!("{}", summary("file", &files));
    println!("{}", summary("function", &functions));
    let long_files = too_long(
        files,
        LONGEST_FILE,
        "move a part of it into a module of its own",
    );
    let long_functions = too_long(
        functions,
        LONGEST_FUNCTION,
        "give a part of it a name and a function of its own",
    );
    long_files.chain(long_functions).collect()
}

/// Each function's length in lines and its place.
fn functions(file: &SourceFile) -> Vec<(usize, String)> {
    let tokens = rust::tokens(&file.code);
    let starts = tokens.windows(2).enumerate().filter_map(|(at, pair)| {
        let name = pair[1].word()?;
        (pair[0].word() == Some("fn")).then_some((at, name))
    });
    starts
        .filter_map(|(at, name)| {
            let end = closing(&tokens, at)?;
            let lines = tokens[end].line - tokens[at].line + 1;
            Some((lines, format!("{}:{} {name}", file.path, tokens[at].line)))
        })
        .collect()
}

/// The brace that closes the body of the function that starts here; none for a declaration without a body.
fn closing(tokens: &[Placed], start: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        if token.is('(') || token.is('[') {
            depth += 1;
        } else if token.is(')') || token.is(']') {
            depth -= 1;
        } else if depth == 0 && token.is(';') {
            return None;
        } else if depth == 0 && token.is('{') {
            return rust::closing(tokens, at);
        }
    }
    None
}

fn summary(what: &str, lengths: &[(usize, String)]) -> String {
    let mut sorted: Vec<usize> = lengths.iter().map(|(length, _)| *length).collect();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    match lengths.iter().max() {
        Some((longest, place)) => format!(
            "{} {what}s: median {median} lines, longest {longest} ({place})",
            lengths.len()
        ),
        None => format!("no {what}s"),
    }
}

fn too_long(
    lengths: Vec<(usize, String)>,
    limit: usize,
    mend: &'static str,
) -> impl Iterator<Item = Finding> {
    lengths
        .into_iter()
        .filter(move |(length, _)| *length > limit)
        .map(move |(length, place)| {
            Finding::new(place, format!("{length} lines, the limit is {limit}"), mend)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(path: &str, text: String) -> Tree {
        Tree {
            root: "/".into(),
            files: vec![SourceFile::new(path, text)],
        }
    }

    #[test]
    fn a_long_file_is_found_and_a_generated_one_is_not() {
        assert_eq!(check(&tree("a.rs", "//\n".repeat(501))).len(), 1);
        assert_eq!(check(&tree("a.rs", "//\n".repeat(500))).len(), 0);
        assert_eq!(check(&tree("a.rs", "// @generated\n".repeat(501))).len(), 0);
    }

    #[test]
    fn a_long_function_is_found() {
        let function =
            |lines: usize| format!("fn long(a: [u8; 2]) {{\n{}}}\n", "a();\n".repeat(lines - 2));
        assert_eq!(check(&tree("a.rs", function(81))).len(), 1);
        assert_eq!(check(&tree("a.rs", function(80))).len(), 0);
        let declared = format!("trait A {{ fn a(&self);\n{} }}", "fn b() {}\n".repeat(90));
        assert_eq!(functions(&tree("a.rs", declared).files[0]).len(), 90);
    }
}
