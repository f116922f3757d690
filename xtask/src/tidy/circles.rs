//! Inside a crate, too, files depend on each other in one direction.
//!
//! An arrow goes from a file to the file that defines what it uses. `mod child;` is no arrow, and neither is a `pub use` of
//! a child: a parent composes its children. Code for tests only is left out.

mod components;
mod modules;
mod paths;

use std::collections::BTreeMap;

use self::modules::Modules;
use super::finding::Finding;
use super::metadata::Package;
use super::tree::Tree;

/// Checks each thing that cargo builds by itself.
pub(crate) fn check(tree: &Tree, packages: &[Package]) -> Vec<Finding> {
    let roots = packages
        .iter()
        .flat_map(|package| &package.targets)
        .filter_map(|target| {
            let root = tree.root.to_str()?;
            target
                .src_path
                .strip_prefix(root)
                .map(|path| path.trim_start_matches('/'))
        });
    roots.flat_map(|root| circles(tree, root)).collect()
}

fn circles(tree: &Tree, root: &str) -> Vec<Finding> {
    let modules = Modules::read(tree, root);
    let arrows = modules.arrows();
    let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for arrow in &arrows {
        graph.entry(&arrow.from).or_default().push(&arrow.to);
    }
    let knots = components::strongly_connected(&graph);
    knots
        .into_iter()
        .filter(|files| files.len() > 1)
        .map(|files| {
            let inside = arrows.iter().filter(|arrow| {
                files.contains(&arrow.from.as_str()) && files.contains(&arrow.to.as_str())
            });
            let shown: Vec<String> = inside.map(ToString::to_string).collect();
            let what = format!(
                "{} files use each other:\n    {}",
                files.len(),
                shown.join("\n    ")
            );
            let mend = "move what both need into a module below them, or pass it as an argument";
            Finding::new(files[0], what, mend)
        })
        .collect()
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
        let tree = Tree {
            root: "/".into(),
            files,
        };
        circles(&tree, "src/lib.rs")
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_parent_may_compose_its_children() {
        let files = [
            (
                "src/lib.rs",
                "mod a; mod b; pub use self::a::A; pub(crate) use b::B;",
            ),
            ("src/a.rs", "use crate::B; pub struct A(B);"),
            ("src/b.rs", "pub(crate) struct B;"),
        ];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn two_siblings_that_use_each_other_are_found() {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "use super::b::{self, B}; pub struct A(B);"),
            ("src/b.rs", "pub struct B; fn f() { crate::a::g() }"),
        ];
        let found = found(&files);
        assert!(found[0].contains("src/a.rs:1 uses super::b"), "{found:?}");
        assert!(
            found[0].contains("src/b.rs:1 uses crate::a::g"),
            "{found:?}"
        );
    }

    #[test]
    fn an_item_that_travels_through_the_root_is_followed() {
        let files = [
            (
                "src/lib.rs",
                "mod a; mod b; pub use a::*; pub use b::{B as C};",
            ),
            ("src/a.rs", "use crate::C; pub struct A(C);"),
            ("src/b.rs", "use crate::A; pub struct B(A);"),
        ];
        assert_eq!(found(&files).len(), 1);
    }

    #[test]
    fn a_child_that_uses_its_parent_which_uses_it_is_found() {
        let files = [
            ("src/lib.rs", "mod a;"),
            ("src/a.rs", "mod b; pub struct A; fn f() { b::g(); }"),
            ("src/a/b.rs", "use super::A; pub fn g() {}"),
        ];
        assert_eq!(found(&files).len(), 1);
        let files = [
            files[0],
            ("src/a.rs", "mod b; pub struct A; pub use b::g;"),
            files[2],
        ];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn macros_and_generated_files_are_no_arrows() {
        let files = [
            ("src/lib.rs", "mod a; mod b; mod c;"),
            (
                "src/a.rs",
                "macro_rules! m { () => { crate::b::B } } pub(crate) use m; pub struct A;",
            ),
            (
                "src/b.rs",
                "use crate::a::m; use crate::c::C; pub struct B(C);",
            ),
            (
                "src/c.rs",
                "// @generated\nuse crate::b::B; pub struct C(B);",
            ),
        ];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn tests_and_strangers_are_no_arrows() {
        let files = [
            ("src/lib.rs", "mod a; mod b; use std::a::B;"),
            ("src/a.rs", "use super::b::B; pub struct A(B);"),
            (
                "src/b.rs",
                "pub struct B; #[cfg(test)] mod tests { use super::*; use crate::a::A; }",
            ),
        ];
        assert!(found(&files).is_empty());
    }
}
