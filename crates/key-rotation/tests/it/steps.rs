//! Each step: what it does, what it refuses, and that it may be repeated.

use key_ring::{KeyRing, KeyState};
use key_rotation::{Error, KeyUses, Step};

use super::support::{ONE, TWO, World, on_every_database};

#[tokio::test(flavor = "multi_thread")]
async fn one_key_waits_at_a_time() {
    on_every_database(async |world| {
        let rotation = world.process().await.unwrap().rotation;
        let added = rotation.add().await.unwrap();
        assert_eq!((added.key, added.was_there), (TWO, false));
        let added = rotation.add().await.unwrap();
        assert_eq!((added.key, added.was_there), (TWO, true));
        rotation.promote(TWO).await.unwrap();
        let third = rotation.add().await.unwrap();
        assert_eq!((third.key.value(), third.was_there), (3, false));
        assert_eq!(states(&world), "1 open, 2 primary, 3 open");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_process_does_not_know_is_not_promoted() {
    on_every_database(async |world| {
        let process = world.process().await.unwrap();
        // Somebody else writes the file.
        let (ring, _) = world.kept().add(&clock::Entropy::system()).unwrap();
        ring.replace(&world.key_file(), &clock::Entropy::system())
            .unwrap();
        let refused = process.rotation.promote(TWO).await.unwrap_err();
        assert!(matches!(refused, Error::NotKnown(TWO)), "{refused}");
        let status = process.rotation.status().await.unwrap();
        assert_eq!(status.next, Step::Reload { key: TWO });
        assert_eq!(status.keys[1].since_us, None);
        let refused = process.rotation.retire(TWO).await.unwrap_err();
        assert!(matches!(refused, Error::NotReloaded { .. }), "{refused}");

        let reloaded = process.rotation.reload().await.unwrap();
        assert_eq!(
            (reloaded.keys, reloaded.primary, reloaded.changed),
            (vec![ONE, TWO], ONE, true)
        );
        assert!(!process.rotation.reload().await.unwrap().changed);
        process.rotation.promote(TWO).await.unwrap();
        assert_eq!(process.vault.primary(), TWO);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_forward_only() {
    on_every_database(async |world| {
        let rotation = world.process().await.unwrap().rotation;
        rotation.add().await.unwrap();
        rotation.promote(TWO).await.unwrap();
        assert_eq!(rotation.promote(TWO).await.unwrap().before, None);
        let refused = rotation.promote(ONE).await.unwrap_err();
        assert!(matches!(refused, Error::Replaced { .. }), "{refused}");
        let refused = rotation.promote(NINE).await.unwrap_err();
        assert!(matches!(
            refused,
            Error::Ring(key_ring::Error::Unknown(NINE))
        ));
        let refused = rotation.retire(TWO).await.unwrap_err();
        assert!(matches!(
            refused,
            Error::Ring(key_ring::Error::RetiresPrimary(TWO))
        ));
        world.wait(60);
        assert!(!rotation.retire(ONE).await.unwrap().was_retired);
        assert!(rotation.retire(ONE).await.unwrap().was_retired);
        let refused = rotation.promote(ONE).await.unwrap_err();
        assert!(matches!(
            refused,
            Error::Ring(key_ring::Error::Retired(ONE))
        ));
        assert_eq!(states(&world), "1 retired, 2 primary");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_retires_when_nothing_needs_it_and_not_right_away() {
    on_every_database(async |world| {
        let process = world.process().await.unwrap();
        let rotation = &process.rotation;
        process.connect(1).await;
        process.connect(2).await;
        rotation.add().await.unwrap();
        rotation.promote(TWO).await.unwrap();
        world.wait(59);
        let refused = rotation.retire(ONE).await.unwrap_err();
        assert!(
            refused.to_string().ends_with("retire it in 1 s"),
            "{refused}"
        );
        world.wait(1);
        let refused = rotation.retire(ONE).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "key 1 cannot retire yet, because 2 sealed tokens and 2 current webhooks need it; `keys rewrap` moves tokens and \
             secrets to the primary key, and webhooks move by themselves while the server runs; `keys status` names bots whose webhooks do not"
        );
        assert_eq!(next(rotation).await, Step::Rewrap { sealed: 2 });
        assert_eq!(rotation.rewrap(|_| ()).await.unwrap().tokens, 2);
        let status = rotation.status().await.unwrap();
        assert_eq!(status.next, Step::Wait { registrations: 2 });
        let held_by = status.keys[0].held_by.iter().map(|bot| bot.project.as_str());
        assert_eq!(held_by.collect::<Vec<_>>(), ["prj_1", "prj_2"]);
        for number in [1, 2] {
            process.register(number, world.clock.now()).await;
        }
        // Each stays accepted for ten minutes more.
        world.wait(599);
        let refused = rotation.retire(ONE).await.unwrap_err();
        let uses = KeyUses {
            previous_registrations: 2,
            ..KeyUses::default()
        };
        assert!(
            matches!(refused, Error::InUse { key: ONE, uses: told } if told == uses),
            "{refused}"
        );
        assert!(refused.to_string().contains("because 2 replaced webhooks still accepted need"));
        world.wait(1);
        assert_eq!(next(rotation).await, Step::Retire { key: ONE });
        rotation.retire(ONE).await.unwrap();
        assert_eq!(next(rotation).await, Step::Nothing);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_and_not_noted_is_ended_by_the_same_step() {
    on_every_database(async |world| {
        let entropy = clock::Entropy::system();
        let write = |ring: &KeyRing| ring.replace(&world.key_file(), &entropy).unwrap();
        let process = world.process().await.unwrap();
        let rotation = &process.rotation;
        // The file was written each time, and the database failed then.
        write(&world.kept().add(&entropy).unwrap().0);
        assert!(rotation.add().await.unwrap().was_there);
        write(&world.kept().promote(TWO).unwrap());
        rotation.promote(TWO).await.unwrap();
        assert_eq!(process.vault.primary(), TWO);
        write(&world.kept().retire(ONE).unwrap());
        assert!(rotation.retire(ONE).await.unwrap().was_retired);
        assert_eq!(process.ring.load().ids().collect::<Vec<_>>(), [TWO]);
        assert_eq!(next(rotation).await, Step::Nothing);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_json_without_a_key() {
    on_every_database(async |world| {
        let rotation = world.process().await.unwrap().rotation;
        rotation.add().await.unwrap();
        let status = serde_json::to_value(rotation.status().await.unwrap()).unwrap();
        assert_eq!(
            status["next"],
            serde_json::json!({"step": "promote", "key": 2})
        );
        assert_eq!(status["keys"][0]["state"], "primary");
        assert_eq!(status["keys"][1]["uses"]["sealed_tokens"], 0);
        let file = std::fs::read_to_string(world.key_file()).unwrap();
        let keys: Vec<_> = file
            .split_whitespace()
            .filter(|word| word.len() == 43)
            .collect();
        assert_eq!(keys.len(), 2);
        for key in keys {
            assert!(!status.to_string().contains(key) && !format!("{rotation:?}").contains(key));
        }
    })
    .await;
}

async fn next(rotation: &key_rotation::KeyRotation) -> Step {
    rotation.status().await.unwrap().next
}

fn states(world: &World) -> String {
    let states: Vec<_> = world
        .kept()
        .states()
        .map(|(key, state): (_, KeyState)| format!("{key} {state}"))
        .collect();
    states.join(", ")
}

const NINE: ids::KeyId = ids::KeyId::new(9);
