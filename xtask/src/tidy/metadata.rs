//! The workspace's packages as cargo sees them.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::command::{cargo, read};

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// A package of the workspace.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: String,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) targets: Vec<Target>,
}

/// A dependency as the manifest declares it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dev`, `build`, or none for an ordinary one.
    pub(crate) kind: Option<String>,
}

/// One thing that cargo builds of a package: its library, a program, a test.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) src_path: String,
}

impl Package {
    /// Dependencies that the package is built with, tests apart.
    pub(crate) fn built_with(&self) -> impl Iterator<Item = &str> {
        let built = self
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        built.map(|dependency| dependency.name.as_str())
    }
}

/// All packages of the workspace.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let told = read(&mut cargo(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: Metadata =
        serde_json::from_str(&told).context("cargo metadata is not what it was")?;
    Ok(metadata.packages)
}

#[cfg(test)]
pub(crate) fn package(name: &str, dependencies: &[&str]) -> Package {
    let dependencies = dependencies
        .iter()
        .map(|name| Dependency {
            name: (*name).to_owned(),
            kind: None,
        })
        .collect();
    Package {
        name: name.to_owned(),
        manifest_path: format!("/crates/{name}/Cargo.toml"),
        dependencies,
        targets: Vec::new(),
    }
}
