//! Each crate takes the workspace's lints, and each library crate's README is its documentation.

use super::finding::Finding;
use super::tree::Tree;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.files.iter().filter_map(|file| {
        let folder = file.path.strip_suffix("/Cargo.toml")?;
        Some((folder, file.text.as_str()))
    });
    manifests
        .flat_map(|(folder, manifest)| {
            let mut findings = Vec::new();
            if is_package(manifest) && !takes_lints(manifest) {
                findings.push(Finding::new(
                    format!("{folder}/Cargo.toml"),
                    "the workspace's lints do not hold here",
                    "add a section [lints] with workspace = true",
                ));
            }
            if folder.starts_with("crates/") {
                findings.extend(readme(tree, folder));
            }
            findings
        })
        .collect()
}

/// And not a workspace of packages that lie below it.
fn is_package(manifest: &str) -> bool {
    manifest.contains("[package]")
}

fn takes_lints(manifest: &str) -> bool {
    manifest.contains("[lints]\nworkspace = true") || manifest.contains("lints.workspace = true")
}

fn readme(tree: &Tree, folder: &str) -> Option<Finding> {
    const ATTRIBUTE: &str = "#![doc = include_str!(\"../README.md\")]";
    let library = tree.find(&format!("{folder}/src/lib.rs"));
    if tree.find(&format!("{folder}/README.md")).is_none() {
        let mend = "write one: what the crate does, with an example that compiles";
        return Some(Finding::new(folder, "no README.md", mend));
    }
    if library.is_some_and(|library| library.text.contains(ATTRIBUTE)) {
        return None;
    }
    let what = "the crate's documentation is not its README";
    Some(Finding::new(
        format!("{folder}/src/lib.rs"),
        what,
        format!("begin it with {ATTRIBUTE}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tree::SourceFile;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files = files
            .iter()
            .map(|(path, text)| SourceFile::new(*path, *text))
            .collect();
        check(&Tree {
            root: "/".into(),
            files,
        })
        .iter()
        .map(ToString::to_string)
        .collect()
    }

    const MANIFEST: (&str, &str) = (
        "crates/a/Cargo.toml",
        "[package]\n\n[lints]\nworkspace = true\n",
    );
    const README: (&str, &str) = ("crates/a/README.md", "# a");
    const LIBRARY: (&str, &str) = (
        "crates/a/src/lib.rs",
        "#![doc = include_str!(\"../README.md\")]\nmod b;",
    );

    #[test]
    fn a_complete_crate_passes() {
        assert!(found(&[MANIFEST, README, LIBRARY]).is_empty());
        assert!(found(&[("xtask/a/Cargo.toml", "[workspace]\nmembers = []")]).is_empty());
    }

    #[test]
    fn what_is_missing_is_found() {
        assert!(found(&[MANIFEST, LIBRARY])[0].contains("no README.md"));
        assert!(
            found(&[MANIFEST, README, ("crates/a/src/lib.rs", "mod b;")])[0]
                .contains("not its README")
        );
        let bare = (
            "crates/a/Cargo.toml",
            "[package]\n[dependencies]\nb.workspace = true",
        );
        assert!(found(&[bare, README, LIBRARY])[0].contains("lints"));
    }
}
