//! Looks for secrets where none may be: in every file of a folder, and in texts that were kept.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Things that must not be found, each with the name that a message may print.
#[derive(Default)]
pub(crate) struct Secrets(Vec<(String, String)>);

impl Secrets {
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        if !self.0.iter().any(|(_, known)| known == value) {
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Fails when one of them stands in these bytes.
    pub(crate) fn absent_from(&self, place: &str, bytes: &[u8]) -> Result<()> {
        for (name, value) in &self.0 {
            if value.is_empty() || holds(bytes, value.as_bytes()) {
                bail!("{place} holds the {name}");
            }
        }
        Ok(())
    }

    /// Fails when one of them stands in a file of this folder; returns how many files and bytes were read.
    pub(crate) fn absent_from_files(&self, folder: &Path) -> Result<(usize, usize)> {
        let files = files(folder)?;
        let mut total = 0;
        for file in &files {
            // A journal may go while we look.
            let Ok(bytes) = fs::read(file) else { continue };
            total += bytes.len();
            self.absent_from(&file.display().to_string(), &bytes)?;
        }
        Ok((files.len(), total))
    }
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else {
        return true;
    };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(wanted) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_secret_in_any_file_is_found() {
        let scratch = Scratch::new("test").unwrap();
        let mut secrets = Secrets::default();
        secrets.add("token", "12:aab");
        secrets.add("token", "12:aab");
        assert_eq!(secrets.count(), 1);
        fs::create_dir_all(scratch.path().join("a/b")).unwrap();
        fs::write(scratch.path().join("a/b/clean"), b"12:aa\x0012:ab").unwrap();
        assert_eq!(secrets.absent_from_files(scratch.path()).unwrap(), (1, 11));
        fs::write(scratch.path().join("a/b/dirty"), b"\xff12:a12:aab\xff").unwrap();
        let found = secrets
            .absent_from_files(scratch.path())
            .unwrap_err()
            .to_string();
        assert!(found.ends_with("a/b/dirty holds the token"), "{found}");
    }
}
