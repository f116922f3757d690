//! What rewrapping moves, and what it leaves alone.

use connection_directory::Update;
use key_rotation::{KeyUses, RewrapCursor};
use platform_events::{EventTypes, NewEndpoint};

use super::support::{ONE, Process, TWO, World, connection_id, on_every_database};

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_under_change_is_taken_along_later() {
    on_every_database(async |world| {
        let process = promoted(&world).await;
        let mut record = process.record(1).await;
        record.operation = Some("rotate".to_owned());
        assert_eq!(
            process
                .directory
                .connection_update(&mut record)
                .await
                .unwrap(),
            Update::Updated
        );
        let done = process.rotation.rewrap(|_| ()).await.unwrap();
        assert_eq!((done.found, done.tokens, done.busy), (3, 2, 1));
        // The change goes on as if nothing had been.
        record.operation = None;
        assert_eq!(
            process
                .directory
                .connection_update(&mut record)
                .await
                .unwrap(),
            Update::Updated
        );
        let done = process.rotation.rewrap(|_| ()).await.unwrap();
        assert_eq!((done.found, done.tokens, done.busy), (1, 1, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_from_before_is_stale_and_the_map_has_the_new_token() {
    on_every_database(async |world| {
        let process = promoted(&world).await;
        let id = connection_id(1);
        let mut before = process.record(1).await;
        process.directory.live_with_token(&id).await.unwrap();
        process.rotation.rewrap(|_| ()).await.unwrap();
        assert_eq!(
            process
                .directory
                .connection_update(&mut before)
                .await
                .unwrap(),
            Update::Stale,
            "else the old sealed token would come back"
        );
        let (_, sealed) = process
            .directory
            .live_with_token(&id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(sealed.unwrap().key_id(), TWO);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_does_not_open_is_named_and_holds_its_key() {
    on_every_database(async |world| {
        let process = promoted(&world).await;
        let mut record = process.record(1).await;
        // Another bot's token does not open here.
        record.sealed_token = process.record(2).await.sealed_token;
        let _ = process
            .directory
            .connection_update(&mut record)
            .await
            .unwrap();
        let done = process.rotation.rewrap(|_| ()).await.unwrap();
        assert_eq!(
            (done.tokens, done.unopened_tokens),
            (2, vec![connection_id(1)])
        );
        assert_eq!(
            process.rotation.uses().await.unwrap()[&ONE].sealed_tokens,
            1
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secrets_of_endpoints_move_too_page_by_page() {
    on_every_database(async |world| {
        let process = world.process().await.unwrap();
        for number in 0..3 {
            process.connect(number).await;
            let endpoint = NewEndpoint {
                url: "https://hooks.example.com/bots".parse().unwrap(),
                description: String::new(),
                types: EventTypes::default(),
            };
            process.events.endpoint_create(&endpoint).await.unwrap();
        }
        process.rotation.add().await.unwrap();
        process.rotation.promote(TWO).await.unwrap();
        let under = |tokens, secrets| KeyUses {
            sealed_tokens: tokens,
            sealed_secrets: secrets,
            ..KeyUses::default()
        };
        let mut uses = process.rotation.uses().await.unwrap()[&ONE];
        uses.registrations = 0;
        assert_eq!(uses, under(3, 3));

        let page = process.rotation.rewrap_page(None).await.unwrap();
        assert_eq!((page.tokens, page.secrets), (3, 0));
        // As it travels through a command.
        let next: RewrapCursor = page.next.unwrap().to_string().parse().unwrap();
        let page = process.rotation.rewrap_page(Some(&next)).await.unwrap();
        assert_eq!((page.tokens, page.secrets, page.next), (0, 3, None));
        assert_eq!(process.rotation.uses().await.unwrap()[&TWO], under(3, 3));
        assert!("bot_1".parse::<RewrapCursor>().is_err());
    })
    .await;
}

/// Three bots under the first key, and the second promoted.
async fn promoted(world: &World) -> Process {
    let process = world.process().await.unwrap();
    for number in 1..=3 {
        process.connect(number).await;
    }
    process.rotation.add().await.unwrap();
    process.rotation.promote(TWO).await.unwrap();
    process
}
