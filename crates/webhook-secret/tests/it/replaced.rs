//! The ring is replaced while webhooks arrive.

use clock::Entropy;
use ids::KeyId;
use key_ring::{KeyRing, SharedKeyRing};
use webhook_secret::WebhookSecrets;

use super::{BOT, connection, project, registration};

#[test]
fn what_is_registered_stays_good_until_its_key_retires() {
    let entropy = Entropy::seeded(1);
    let first = KeyRing::generate(KeyId::new(1), &entropy);
    let shared = SharedKeyRing::new(first.clone());
    let secrets = WebhookSecrets::new(&shared);
    let (here, project, old) = (connection(), project(), registration(1, 1));
    let path = secrets.path(&here, old).unwrap();
    let token = secrets.token(&project, BOT, old).unwrap();
    let verifies = || {
        let presented = token.expose().as_bytes();
        let by_path = secrets.verify_path(path.expose()).is_some();
        assert_eq!(
            secrets.verify_token(&project, BOT, old, presented),
            by_path,
            "path and token follow one ring"
        );
        by_path
    };
    assert!(verifies());
    let new = registration(2, 2);
    assert!(secrets.path(&here, new).is_none());

    let (both, second) = first.add(&entropy).unwrap();
    let promoted = both.promote(second).unwrap();
    for ring in [both, promoted.clone()] {
        shared.replace(ring);
        assert!(verifies());
        assert!(secrets.path(&here, new).is_some());
    }
    shared.replace(promoted.retire(KeyId::new(1)).unwrap());
    assert!(!verifies());
    assert!(secrets.path(&here, old).is_none());
    assert!(secrets.clone().path(&here, new).is_some());
    assert_eq!(format!("{secrets:?}"), "WebhookSecrets of [KeyId(2)]");
}
