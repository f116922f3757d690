//! Known answers, recomputed with Python's hmac from the README's table.

use ids::KeyId;
use key_ring::{KeyRing, MasterKey};

use super::{BOT, connection, project, registration, secrets};

#[test]
fn paths_are_the_known_ones() {
    for (generation, key_id, known) in [
        (1, 1, "xY-zN2xbGarYOQtZTwPXgR"),
        (2, 1, "CQOe2WqanVtd-y4FNCzaCv"),
        (1, 3, "vsDhhJDGPur7z3KYApf6zA"),
        (u32::MAX, 2, "dgTUlhGN1wdMTNWb8kRSHW"),
    ] {
        let path = secrets()
            .path(&connection(), registration(generation, key_id))
            .unwrap();
        assert_eq!(
            path.expose(),
            format!(
                "/telegram/webhook/bot_01HZXK7M3NQ8R5T2V9W4Y6A0BC/{key_id}.{generation}.{known}"
            )
        );
    }
}

#[test]
fn secret_tokens_are_the_known_ones() {
    for (generation, key_id, known) in [
        (1, 1, "ugPgxd6VaREEr14_MNC0EdEuvUSjIEMFbu1EMNETmFs"),
        (2, 1, "kVETjsarFYKPRo20xg5k_1PArMF7SIW6FBmG0lPaqLM"),
        (1, 3, "H2aD12Kp1AOJE-HIM88X2bNbD4YmbdxVkQWFSPU4Wt0"),
        (u32::MAX, 2, "HhzrwG2KB5wMuRgSALySyTHeYifXT_2wJvJLaPvQV8U"),
    ] {
        let registration = registration(generation, key_id);
        let token = secrets().token(&project(), BOT, registration).unwrap();
        assert_eq!(token.expose(), known);
    }
}

#[test]
fn a_ring_of_one_key_agrees() {
    let ring = KeyRing::new(KeyId::new(1), MasterKey::from_bytes(&[7; 32]));
    let alone = webhook_secret::WebhookSecrets::new(&ring);
    let registration = registration(5, 1);
    assert_eq!(
        alone.path(&connection(), registration).unwrap().expose(),
        secrets()
            .path(&connection(), registration)
            .unwrap()
            .expose()
    );
}

#[test]
fn nothing_prints_a_secret() {
    let registration = registration(1, 1);
    let path = secrets().path(&connection(), registration).unwrap();
    let token = secrets().token(&project(), BOT, registration).unwrap();
    assert_eq!(format!("{path:?}"), "WebhookPath(redacted)");
    assert_eq!(format!("{token:?}"), "SecretToken(redacted)");
    assert_eq!(
        format!("{:?}", secrets()),
        "WebhookSecrets of [KeyId(1), KeyId(2), KeyId(3)]"
    );
}
