//! A key ring in a file that only its owner may open.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clock::Entropy;
use ids::KeyId;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::ring::KeyRing;

impl KeyRing {
    /// Reads a key file.
    ///
    /// On Unix the file must be closed to everyone but its owner. Where something else guards it (a credential
    /// directory whose access list shows as group permissions), read it there and use [`KeyRing::parse`].
    ///
    /// # Errors
    /// [`Error::File`], [`Error::OpenToOthers`] with the command that closes it, [`Error::TooLarge`], and those of
    /// [`KeyRing::parse`].
    pub fn load(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| failed(path, "read", source))?;
        refuse_open_to_others(path, &file)?;
        // Room for everything at once, because growing would leave copies of keys behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
        (&file)
            .take(LIMIT as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| failed(path, "read", source))?;
        if bytes.len() > LIMIT {
            return Err(Error::TooLarge { path: path.into() });
        }
        let text = str::from_utf8(&bytes).map_err(|_| {
            let kind = io::ErrorKind::InvalidData;
            failed(path, "read", io::Error::new(kind, "it is not text"))
        })?;
        Self::parse(text)
    }

    /// Makes a ring of one random key, number 1, and writes it to a new file that only its owner may open.
    ///
    /// The file appears whole or not at all, and is on disk when this returns. A file that is there is left alone.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::File`].
    pub fn create(path: &Path, entropy: &Entropy) -> Result<Self> {
        let ring = Self::generate(KeyId::new(1), entropy);
        let draft = Draft::write(path, &ring, entropy)?;
        // A link, because a rename would overwrite a file that another process made meanwhile.
        match fs::hard_link(&draft.0, path) {
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
                return Err(Error::Exists { path: path.into() });
            }
            linked => linked.map_err(|source| failed(path, "written", source))?,
        }
        drop(draft);
        sync_folder(path)?;
        Ok(ring)
    }

    /// Writes the ring over the key file that is there: what follows adding, promoting or retiring a key.
    ///
    /// A reader finds the file before or the file after, never a part; it is on disk when this returns.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn replace(&self, path: &Path, entropy: &Entropy) -> Result<()> {
        let draft = Draft::write(path, self, entropy)?;
        fs::rename(&draft.0, path).map_err(|source| failed(path, "written", source))?;
        sync_folder(path)
    }
}

/// A file beside the one that is meant, removed when dropped.
struct Draft(PathBuf);

impl Draft {
    fn write(path: &Path, ring: &KeyRing, entropy: &Entropy) -> Result<Self> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{:016x}", u64::from_be_bytes(entropy.bytes())));
        let draft = path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options
            .open(&draft)
            .map_err(|source| failed(path, "written", source))?;
        let draft = Self(draft);
        file.write_all(ring.to_text().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|source| failed(path, "written", source))?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename there is nothing to remove; after a failure the failure is what gets reported.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(unix)]
fn refuse_open_to_others(path: &Path, file: &File) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let about = file
        .metadata()
        .map_err(|source| failed(path, "read", source))?;
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Error::OpenToOthers {
            path: path.into(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_open_to_others(_path: &Path, _file: &File) -> Result<()> {
    Ok(())
}

/// Without this a power cut may forget the file's name, though not its content.
#[cfg(unix)]
fn sync_folder(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| failed(path, "written", source))
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> Result<()> {
    Ok(())
}

fn failed(path: &Path, action: &'static str, source: io::Error) -> Error {
    Error::File {
        path: path.into(),
        action,
        source,
    }
}

const LIMIT: usize = 64 * 1024;
