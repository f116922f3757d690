//! Every relative link in a Markdown file leads somewhere.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::tree::{SourceFile, Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let pages = tree.files.iter().filter(|file| file.is_markdown());
    pages.flat_map(|page| broken(tree, page)).collect()
}

fn broken(tree: &Tree, page: &SourceFile) -> Vec<Finding> {
    let links = links(&page.text)
        .into_iter()
        .filter(|(_, target)| is_relative(page, target));
    links
        .filter_map(|(line, target)| {
            let what = fault(tree, page, &target)?;
            let place = format!("{}:{line}", page.path);
            Some(Finding::new(
                place,
                what,
                "correct the link, or write what it should lead to",
            ))
        })
        .collect()
}

fn fault(tree: &Tree, page: &SourceFile, target: &str) -> Option<String> {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() {
        page.path.clone()
    } else {
        joined(&page.path, path)
    };
    if !tree.root.join(&path).exists() && tree.find(&path).is_none() {
        return Some(format!("the link `{target}` leads nowhere"));
    }
    let led_to = tree
        .find(&path)
        .filter(|file| file.is_markdown() && !anchor.is_empty())?;
    let known = anchors(&led_to.text).contains(anchor);
    (!known).then(|| format!("`{path}` has no heading `#{anchor}`"))
}

/// Leaves out addresses with a scheme, and in a crate's README the names of items, which rustdoc resolves.
fn is_relative(page: &SourceFile, target: &str) -> bool {
    let has_scheme = target.contains("://") || target.starts_with("mailto:");
    let is_item = page.path.starts_with("crates/")
        && !target.starts_with('#')
        && !target.contains(['.', '/']);
    !has_scheme && !is_item && !target.contains("::") && !target.is_empty()
}

/// Targets of `[text](target)` and `[name]: target`, outside code, each with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let line_text = without_code(line);
        let inline = line_text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', ' ']).next());
        found.extend(inline.map(|target| (number + 1, target.to_owned())));
        if line.starts_with('[')
            && let Some((_, target)) = line.split_once("]: ")
        {
            found.push((number + 1, target.trim().to_owned()));
        }
    }
    found
}

/// Every second piece between backticks is code.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// The path that a link in this file leads to, from the root.
fn joined(file: &str, link: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in link.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The names by which a page's headings can be reached.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let words = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = words
                .chars()
                .filter(|char| char.is_alphanumeric() || " -_".contains(*char));
            kept.map(|char| if char == ' ' { '-' } else { char })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let files = vec![
            SourceFile::new("docs/a.md", text),
            SourceFile::new("docs/adr/b.md", "# The `b`, told\n"),
            SourceFile::new("README.md", "# Start\n"),
        ];
        let tree = Tree {
            root: "/nowhere-at-all".into(),
            files,
        };
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_links_pass() {
        assert!(
            found("# Here\n[b](adr/b.md#the-b-told) [r](../README.md) [h](#here)\n[x]: adr/b.md\n")
                .is_empty()
        );
        assert!(found("[s](https://example.com/a.md) `[a](b.md)`\n```\n[c](d.md)\n```").is_empty());
    }

    #[test]
    fn broken_links_are_found() {
        assert!(found("[b](adr/c.md)")[0].starts_with("docs/a.md:1"));
        assert!(found("\n[b](adr/b.md#nothing)")[0].contains("has no heading"));
        assert_eq!(found("[x]: gone.md").len(), 1);
    }
}
