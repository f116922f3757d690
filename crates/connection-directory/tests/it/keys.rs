//! Master keys: the right ones, and those that are still needed.

use std::time::Duration;

use clock::Entropy;
use connection_directory::{Connection, Error, KeyReferences, Previous};
use ids::{Generation, KeyId};
use key_ring::KeyRing;

use super::{NOW, connection, disconnected, on_every_database, registration, sealed_under};

#[tokio::test(flavor = "multi_thread")]
async fn another_master_key_is_refused_at_start() {
    on_every_database(async |directory, _, _| {
        let first = ring(1);
        directory.key_checks_verify(&first).await.unwrap();
        directory.key_checks_verify(&first).await.unwrap();
        let error = directory.key_checks_verify(&ring(2)).await.unwrap_err();
        assert!(
            matches!(error, Error::OtherMasterKey(key) if key == ONE),
            "{error}"
        );

        let (both, second) = first.add(&Entropy::seeded(3)).unwrap();
        directory.key_checks_verify(&both).await.unwrap();
        let (other, _) = first.add(&Entropy::seeded(4)).unwrap();
        let error = directory.key_checks_verify(&other).await.unwrap_err();
        assert!(
            matches!(error, Error::OtherMasterKey(key) if key == second),
            "{error}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_ring_leaves_nothing_behind() {
    on_every_database(async |directory, _, _| {
        let second = KeyRing::generate(KeyId::new(2), &Entropy::seeded(3));
        directory.key_checks_verify(&second).await.unwrap();
        // Its first key would be new here, its second is wrong.
        let (wrong, _) = ring(1).add(&Entropy::seeded(4)).unwrap();
        let error = directory.key_checks_verify(&wrong).await.unwrap_err();
        assert!(
            matches!(error, Error::OtherMasterKey(key) if key == KeyId::new(2)),
            "{error}"
        );
        directory.key_checks_verify(&ring(5)).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_without_a_needed_key_is_refused() {
    on_every_database(async |directory, _, _| {
        let (both, second) = ring(1).add(&Entropy::seeded(3)).unwrap();
        let both = both.promote(second).unwrap();
        let retired = both.retire(ONE).unwrap();
        directory.key_checks_verify(&both).await.unwrap();
        directory.key_checks_verify(&retired).await.unwrap();
        let mut record = Connection {
            sealed_token: Some(sealed_under(1)),
            ..connection(1)
        };
        directory.connection_insert(&record).await.unwrap();
        let error = directory.key_checks_verify(&retired).await.unwrap_err();
        assert!(
            matches!(error, Error::MissingMasterKey { key, references: 2 } if key == ONE),
            "{error}"
        );
        record.sealed_token = Some(sealed_under(2));
        record.current = registration(2, 2);
        let _ = directory.connection_update(&mut record).await.unwrap();
        directory.key_checks_verify(&retired).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_refers_to_a_key_is_counted() {
    on_every_database(async |directory, _, hands| {
        assert!(directory.key_references().await.unwrap().is_empty());
        let records = [
            Connection {
                sealed_token: Some(sealed_under(1)),
                current: registration(4, 2),
                previous: previous(1, Some(60)),
                ..connection(1)
            },
            Connection {
                sealed_token: Some(sealed_under(2)),
                current: registration(4, 2),
                previous: previous(3, None),
                ..connection(2)
            },
            // It never registered a webhook, so its key is not in use.
            Connection {
                current: registration(Generation::NONE.value(), 9),
                ..connection(3)
            },
            // Its webhook no longer counts, its token does: it may come back.
            Connection {
                sealed_token: Some(sealed_under(1)),
                current: registration(4, 8),
                previous: previous(8, None),
                ..disconnected(4)
            },
            // Telegram is still to be told of this one.
            Connection {
                operation: Some("disconnect".to_owned()),
                current: registration(4, 7),
                ..disconnected(5)
            },
        ];
        for record in &records {
            directory.connection_insert(record).await.unwrap();
        }
        assert_eq!(
            counted(&directory).await,
            [(1, 2, 1), (2, 1, 2), (3, 0, 1), (7, 0, 1)]
        );
        hands.advance(Duration::from_secs(60));
        assert_eq!(
            counted(&directory).await,
            [(1, 2, 0), (2, 1, 2), (3, 0, 1), (7, 0, 1)]
        );
    })
    .await;
}

async fn counted(directory: &connection_directory::Directory) -> Vec<(u32, u64, u64)> {
    let references = directory.key_references().await.unwrap();
    let row = |(
        key,
        KeyReferences {
            sealed,
            registrations,
        },
    ): (KeyId, _)| { (key.value(), sealed, registrations) };
    references.into_iter().map(row).collect()
}

fn previous(key_id: u32, seconds: Option<u64>) -> Option<Previous> {
    Some(Previous {
        registration: registration(3, key_id),
        accepted_until: seconds.map(|seconds| NOW + Duration::from_secs(seconds)),
    })
}

fn ring(seed: u64) -> KeyRing {
    KeyRing::generate(ONE, &Entropy::seeded(seed))
}

const ONE: KeyId = KeyId::new(1);
