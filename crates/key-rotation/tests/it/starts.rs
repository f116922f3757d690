//! Which key files a start accepts.

use clock::Entropy;
use key_ring::KeyRing;
use key_rotation::Error;
use platform_events::{EventTypes, NewEndpoint};

use super::support::{ONE, TWO, World, on_every_database};

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_the_key_file_is_refused() {
    on_every_database(async |world| {
        let process = world.process().await.unwrap();
        let copy = |name: &str| std::fs::copy(world.key_file(), world.folder.path().join(name));
        copy("first").unwrap();
        process.rotation.add().await.unwrap();
        copy("added").unwrap();
        process.rotation.promote(TWO).await.unwrap();
        copy("promoted").unwrap();
        world.process().await.unwrap();
        refused(&world, "first", "the key ring does not hold key 2").await;
        refused(
            &world,
            "added",
            "makes new secrets with key 1, which key 2 has replaced",
        )
        .await;
        world.wait(60);
        process.rotation.retire(ONE).await.unwrap();
        copy("retired").unwrap();
        refused(&world, "promoted", "still holds key 1, which was retired").await;
        restore(&world, "retired");
        world.process().await.unwrap();
        // Nor does a running server take one.
        restore(&world, "promoted");
        for error in [
            process.rotation.reload().await.unwrap_err(),
            process.rotation.add().await.unwrap_err(),
        ] {
            assert!(matches!(error, Error::OldWithKey(ONE)), "{error}");
        }
        assert_eq!(process.ring.load().ids().collect::<Vec<_>>(), [TWO]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_servers_key_file_is_refused() {
    on_every_database(async |world| {
        let running = world.process().await.unwrap();
        let path = world.key_file();
        let other = KeyRing::generate(ONE, &Entropy::seeded(9));
        other.replace(&path, &Entropy::system()).unwrap();
        let error = world.process().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "master key 1 is another one than this database was written with; start with the key file that belongs to it"
        );
        // A running server neither takes it nor writes it back.
        let before = std::fs::read(&path).unwrap();
        for error in [
            running.rotation.add().await.unwrap_err(),
            running.rotation.reload().await.unwrap_err(),
        ] {
            assert!(error.to_string().starts_with("master key 1 is another"));
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let other = KeyRing::generate(TWO, &Entropy::seeded(9));
        other.replace(&path, &Entropy::system()).unwrap();
        let error = world.process().await.unwrap_err();
        assert!(matches!(error, Error::OldWithoutKey { key: ONE, .. }), "{error}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_retired_by_hand_too_early_is_missed() {
    on_every_database(async |world| {
        let process = world.process().await.unwrap();
        let endpoint = NewEndpoint {
            url: "https://hooks.example.com/bots".parse().unwrap(),
            description: String::new(),
            types: EventTypes::default(),
        };
        process.events.endpoint_create(&endpoint).await.unwrap();
        process.rotation.add().await.unwrap();
        process.rotation.promote(TWO).await.unwrap();
        std::fs::copy(world.key_file(), world.folder.path().join("promoted")).unwrap();
        let retired = world.kept().retire(ONE).unwrap();
        retired
            .replace(&world.key_file(), &Entropy::system())
            .unwrap();
        let error = world.process().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the key ring does not hold key 1, and 1 sealed secret of this database need it; start with the key file that has it"
        );
        assert!(process.rotation.reload().await.is_err());
        assert!(process.ring.load().ids().any(|key| key == ONE));

        restore(&world, "promoted");
        let process = world.process().await.unwrap();
        world.wait(60);
        assert_eq!(process.rotation.rewrap(|_| ()).await.unwrap().secrets, 1);
        process.rotation.retire(ONE).await.unwrap();
        world.process().await.unwrap();
    })
    .await;
}

async fn refused(world: &World, copy: &str, sentence: &str) {
    let newest = std::fs::read(world.key_file()).unwrap();
    restore(world, copy);
    let error = world.process().await.unwrap_err().to_string();
    assert!(error.contains(sentence), "{error}");
    std::fs::write(world.key_file(), newest).unwrap();
}

fn restore(world: &World, copy: &str) {
    std::fs::copy(world.folder.path().join(copy), world.key_file()).unwrap();
}
