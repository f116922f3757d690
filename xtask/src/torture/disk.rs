//! The disk whose power is cut: builds the shim, and makes of the server's folder what a power cut leaves of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::numbers::Numbers;
use super::play::Environment;
use crate::command::{run, target_directory, workspace_root};
use crate::scratch::Scratch;

/// What a disk writes at once or not at all.
const SECTOR: usize = 512;

/// Compiles the shim, and answers where it is.
pub(crate) fn build() -> Result<PathBuf> {
    let folder = target_directory()?.join("torture");
    fs::create_dir_all(&folder)?;
    let library = folder.join("disk.so");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"])
        .args(["-U_FORTIFY_SOURCE", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(workspace_root().join("xtask/shim/disk.c"))
        .args(["-ldl", "-lpthread"]);
    run(&mut compiler).context("the power-loss suite needs Linux and a C compiler")?;
    Ok(library)
}

/// The environment of a server whose disk can lose its power.
pub(crate) fn environment(library: &Path, scratch: &Scratch) -> Result<Environment> {
    let (root, shadow) = folders(scratch);
    fs::create_dir_all(&root)?;
    fs::create_dir_all(&shadow)?;
    let set = |name: &str, value: &Path| (name.to_owned(), value.display().to_string());
    Ok(vec![
        set("LD_PRELOAD", library),
        set("DISK_ROOT", &root.canonicalize()?),
        set("DISK_SHADOW", &shadow.canonicalize()?),
    ])
}

fn folders(scratch: &Scratch) -> (PathBuf, PathBuf) {
    let path = scratch.path();
    (path.join("data"), path.join("durable"))
}

/// What was written and not synced, and what of it a power cut spares.
#[derive(Clone, Debug)]
pub(crate) enum Cut {
    /// Nothing.
    Clean,
    /// Each sector or not, as it happens.
    Torn(Numbers),
}

/// Cuts the power: the server must be dead. Answers how many bytes were lost.
pub(crate) fn cut(scratch: &Scratch, mut how: Cut) -> Result<usize> {
    let (root, shadow) = folders(scratch);
    let mut lost = 0;
    let mut names = files(&root)?;
    names.sort();
    for path in names {
        let name = path
            .strip_prefix(&root)?
            .to_string_lossy()
            .replace('/', "+");
        let durable = fs::read(shadow.join(name)).ok();
        let written = fs::read(&path)?;
        if path.to_string_lossy().ends_with("-shm") {
            fs::remove_file(&path)?;
            continue;
        }
        let (left, changed) = after(&written, durable.as_deref().unwrap_or_default(), &mut how);
        lost += changed;
        if durable.is_none() && left.is_empty() {
            fs::remove_file(&path)?;
        } else {
            fs::write(&path, &left)?;
            // What is there when the power is back is on the disk.
            let name = path
                .strip_prefix(&root)?
                .to_string_lossy()
                .replace('/', "+");
            fs::write(shadow.join(name), &left)?;
        }
    }
    Ok(lost)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// A file after the cut, and how many bytes of it are not what was written.
fn after(written: &[u8], durable: &[u8], how: &mut Cut) -> (Vec<u8>, usize) {
    let mut left = durable.to_vec();
    if let Cut::Torn(numbers) = how {
        for (number, sector) in written.chunks(SECTOR).enumerate() {
            let from = number * SECTOR;
            let is_synced = durable.get(from..from + sector.len()) == Some(sector);
            if is_synced || numbers.below(2) == 0 {
                continue;
            }
            if left.len() < from + sector.len() {
                left.resize(from + sector.len(), 0);
            }
            left[from..from + sector.len()].copy_from_slice(sector);
        }
    }
    let same = left.iter().zip(written).filter(|(one, other)| one == other);
    let lost = written.len().max(left.len()) - same.count();
    (left, lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sectors(of: &[u8]) -> Vec<u8> {
        of.iter().flat_map(|byte| [*byte; SECTOR]).collect()
    }

    #[test]
    fn a_clean_cut_leaves_what_was_synced() {
        let (written, durable) = (sectors(b"abc"), sectors(b"ax"));
        let (left, lost) = after(&written, &durable, &mut Cut::Clean);
        assert_eq!((left, lost), (durable.clone(), 2 * SECTOR));
        let (left, lost) = after(&durable, &durable, &mut Cut::Clean);
        assert_eq!((left, lost), (durable, 0));
    }

    #[test]
    fn a_torn_cut_leaves_each_sector_old_or_new() {
        let (written, durable) = (sectors(&[b'n'; 40]), sectors(&[b'o'; 20]));
        let (left, _) = after(&written, &durable, &mut Cut::Torn(Numbers::new(1, 1)));
        let mut kinds = [0; 3];
        for sector in left.chunks(SECTOR) {
            assert!(sector.iter().all(|byte| *byte == sector[0]));
            kinds[[b'o', b'n', 0]
                .iter()
                .position(|kind| *kind == sector[0])
                .unwrap()] += 1;
        }
        assert!(kinds.iter().all(|count| *count > 0), "{kinds:?}");
    }
}
