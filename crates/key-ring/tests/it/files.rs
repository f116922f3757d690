//! Key files on disk.

use std::fs;

use clock::Entropy;
use key_ring::{Error, KeyRing};

#[test]
fn a_created_file_is_loaded_again_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let ring = KeyRing::create(&path, &Entropy::seeded(1)).unwrap();
    assert_eq!(*KeyRing::load(&path).unwrap().to_text(), *ring.to_text());

    let before = fs::read(&path).unwrap();
    let again = KeyRing::create(&path, &Entropy::seeded(2)).unwrap_err();
    assert!(matches!(again, Error::Exists { .. }), "{again}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn a_changed_ring_replaces_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let entropy = Entropy::seeded(1);
    let ring = KeyRing::create(&path, &entropy).unwrap();
    let (ring, id) = ring.add(&entropy).unwrap();
    ring.promote(id).unwrap().replace(&path, &entropy).unwrap();
    assert_eq!(KeyRing::load(&path).unwrap().primary(), id);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no.key");
    let error = KeyRing::load(&missing).unwrap_err();
    assert!(
        error.to_string().contains("no.key could not be read"),
        "{error}"
    );
    let error = KeyRing::create(&folder.path().join("no/no.key"), &Entropy::seeded(1)).unwrap_err();
    assert!(
        error.to_string().contains("no.key could not be written"),
        "{error}"
    );

    let path = folder.path().join("big.key");
    fs::write(&path, vec![b'#'; 70_000]).unwrap();
    close(&path);
    assert!(matches!(KeyRing::load(&path), Err(Error::TooLarge { .. })));
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(matches!(KeyRing::load(&path), Err(Error::File { .. })));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_open_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    KeyRing::create(&path, &Entropy::seeded(1)).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for mode in [0o640, 0o604, 0o660, 0o644, 0o620, 0o601] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let said = KeyRing::load(&path).unwrap_err().to_string();
        assert!(said.contains(&format!("mode {mode:03o}")), "{said}");
        assert!(
            said.contains(&format!("chmod 600 {}", path.display())),
            "{said}"
        );
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    KeyRing::load(&path).unwrap();
}

#[cfg(unix)]
fn close(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn close(_path: &std::path::Path) {}
