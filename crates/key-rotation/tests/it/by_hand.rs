//! Keys that somebody else writes.

use std::sync::{Arc, Mutex};

use clock::Entropy;
use key_ring::KeyRing;
use key_rotation::{Error, KeySource, Step};

use super::support::{ONE, TWO, on_every_database};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_elsewhere_is_told_and_read_again() {
    on_every_database(async |world| {
        let first = world.kept();
        let written = Arc::new(Mutex::new(first.clone()));
        let read = Arc::clone(&written);
        let source = KeySource::ReadOnly {
            what: "the credential master-keys".to_owned(),
            read: Some(Arc::new(move || Ok(read.lock().unwrap().clone()))),
        };
        let process = world.process_with(first.clone(), source).await.unwrap();
        let rotation = &process.rotation;
        process.connect(1).await;
        let told = rotation.add().await.unwrap_err().to_string();
        assert!(told.starts_with("the keys come from the credential master-keys, which is not written from here. Add the line `2 open <key>`"), "{told}");
        assert!(told.ends_with("have the server read its keys again (`keys reload`)."), "{told}");

        let (both, _) = first.add(&Entropy::system()).unwrap();
        *written.lock().unwrap() = both.clone();
        let refused = rotation.promote(TWO).await.unwrap_err();
        assert!(matches!(refused, Error::NotKnown(TWO)));
        rotation.reload().await.unwrap();
        let told = rotation.promote(TWO).await.unwrap_err().to_string();
        assert!(told.contains("Write `open` for `primary` in the line of key 1 there"), "{told}");

        let promoted = both.promote(TWO).unwrap();
        *written.lock().unwrap() = promoted.clone();
        rotation.reload().await.unwrap();
        assert_eq!(process.vault.primary(), TWO);
        *written.lock().unwrap() = promoted.retire(ONE).unwrap();
        let refused = rotation.reload().await.unwrap_err();
        assert!(matches!(refused, Error::TooSoon { key: ONE, .. }), "{refused}");
        world.wait(60);
        let refused = rotation.reload().await.unwrap_err();
        assert!(matches!(refused, Error::InUse { key: ONE, .. }), "{refused}");
        assert!(process.opens(&process.record(1).await, 1), "the ring in use stays");

        *written.lock().unwrap() = promoted.clone();
        rotation.rewrap(|_| ()).await.unwrap();
        process.register(1, world.clock.now()).await;
        world.wait(600);
        let told = rotation.retire(ONE).await.unwrap_err().to_string();
        assert!(told.contains("Write `1 retired` in place of the whole line of key 1"), "{told}");
        *written.lock().unwrap() = promoted.retire(ONE).unwrap();
        rotation.reload().await.unwrap();
        assert_eq!(rotation.status().await.unwrap().next, Step::Nothing);
        assert!(process.opens(&process.record(1).await, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_is_read_once() {
    on_every_database(async |world| {
        let source = KeySource::ReadOnly {
            what: "the variable MEMBERPASS_MASTER_KEYS".to_owned(),
            read: None,
        };
        let ring: KeyRing = world.kept();
        let process = world.process_with(ring, source).await.unwrap();
        let told = process.rotation.add().await.unwrap_err().to_string();
        assert!(told.ends_with("then restart the server."), "{told}");
        let refused = process.rotation.reload().await.unwrap_err();
        assert!(matches!(refused, Error::NotReadAgain { .. }));
        assert_eq!(process.rotation.status().await.unwrap().keys.len(), 1);
    })
    .await;
}
