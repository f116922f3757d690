//! Where the master keys are kept, as key rotation sees it.

use std::path::Path;
use std::sync::Arc;

use key_ring::KeyRing;
use key_rotation::KeySource;
use rustix::fs::{Access, access};

/// The key file: ours to write, or somebody else's, who is then told what to write.
pub(crate) fn of_file(path: &Path) -> KeySource {
    // A changed key file takes the place of the one before: what counts is its folder.
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let writable = access(folder.unwrap_or(Path::new(".")), Access::WRITE_OK).is_ok();
    if writable {
        return KeySource::File(path.to_owned());
    }
    let read = path.to_owned();
    KeySource::ReadOnly {
        what: format!("the key file {}", path.display()),
        read: Some(Arc::new(move || KeyRing::load(&read))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_replaced_is_somebody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let ours = of_file(&folder.path().join("master.key"));
        assert!(matches!(ours, KeySource::File(_)));
        let path = folder.path().join("not mounted").join("master.key");
        let KeySource::ReadOnly { what, read } = of_file(&path) else {
            panic!("it cannot be written")
        };
        assert!(what.ends_with("/not mounted/master.key"), "{what}");
        assert!(read.unwrap()().is_err(), "it is read anew each time");
    }
}
