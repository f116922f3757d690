//! `cargo xtask tidy`: the rules of this workspace that neither the compiler nor clippy knows.

mod circles;
mod code;
mod finding;
mod floors;
mod lengths;
mod links;
mod manifests;
mod metadata;
mod migrations;
mod rust;
mod tree;
mod words;

use anyhow::{Result, bail};

use self::tree::Tree;
use crate::command::workspace_root;

/// Checks every rule; an error when one is broken.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(workspace_root())?;
    let packages = metadata::packages()?;
    let rules = [
        floors::check(&packages),
        circles::check(&tree, &packages),
        lengths::check(&tree),
        code::check(&tree),
        manifests::check(&tree),
        migrations::check(&tree),
        links::check(&tree),
        words::check(&tree),
    ];
    let findings: Vec<_> = rules.into_iter().flatten().collect();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => bail!("{count} rules are broken"),
    }
}
