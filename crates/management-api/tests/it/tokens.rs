//! API tokens in the database.

use std::time::Duration;

use diesel::sql_types::Text;
use management_api::{Abilities, Ability};

use crate::support::{Place, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_and_listed_without_its_secret() {
    on_both(async |place| {
        place.hands.advance(Duration::from_secs(1));
        let minted_at = place.clock.now();
        let abilities: Abilities = [Ability::ProjectView].into_iter().collect();
        let project = Some("prj_1".parse().unwrap());
        let token = place
            .tokens
            .mint("a dashboard", abilities.clone(), project.clone())
            .await;
        let token = token.unwrap();
        assert_eq!(format!("{token:?}"), format!("PlainToken({})", token.id()));
        let (start, secret) = token.expose().split_at(token.expose().len() - 43);
        assert_eq!(start, format!("mpt_live_{}_", token.id()));

        let listed = place.tokens.list().await.unwrap();
        assert_eq!(listed.len(), 2, "the one that tests use, then this one");
        let last = &listed[1];
        assert_eq!((&last.id, &*last.label), (token.id(), "a dashboard"));
        assert_eq!((&last.abilities, &last.project), (&abilities, &project));
        assert_eq!((last.created_at, last.revoked_at), (minted_at, None));
        assert!(!format!("{listed:?}").contains(secret));
        let verified = place.tokens.verify(token.expose()).await.unwrap();
        assert_eq!(verified.as_ref(), Some(last));
        let stored = stored(&place).await;
        let digits: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!stored.contains(&digits), "{stored}");
        assert!(
            stored.contains(token.id().as_str()) && !stored.contains(secret),
            "{stored}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_revoked_once_and_stays_listed() {
    on_both(async |place| {
        let token = place.mint(Abilities::all(), None).await;
        let revoked_at = place.clock.now();
        assert!(place.tokens.revoke(token.id()).await.unwrap());
        place.hands.advance(Duration::from_secs(60));
        assert!(!place.tokens.revoke(token.id()).await.unwrap());
        assert!(
            !place
                .tokens
                .revoke(&"01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap())
                .await
                .unwrap()
        );
        assert_eq!(place.tokens.verify(token.expose()).await.unwrap(), None);
        let listed = place.tokens.list().await.unwrap();
        let old = listed
            .iter()
            .find(|listed| listed.id == *token.id())
            .unwrap();
        assert_eq!(old.revoked_at, Some(revoked_at));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tokens_id_with_anothers_secret_is_no_token() {
    on_both(async |place| {
        let first = place.mint(Abilities::all(), None).await;
        let second = place.mint(Abilities::all(), None).await;
        let (_, secret) = second.expose().split_at(second.expose().len() - 43);
        let mixed = format!("mpt_live_{}_{secret}", first.id());
        assert_eq!(place.tokens.verify(&mixed).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn abilities_of_a_later_version_grant_nothing() {
    on_both(async |place| {
        let token = place.mint(Abilities::all(), None).await;
        let update = "UPDATE api_tokens SET abilities = 'project:view project:fly'";
        place
            .database
            .connect()
            .await
            .unwrap()
            .run(diesel::sql_query(update))
            .await
            .unwrap();
        let verified = place.tokens.verify(token.expose()).await.unwrap().unwrap();
        assert_eq!(
            verified.abilities,
            [Ability::ProjectView].into_iter().collect()
        );
    })
    .await;
}

/// Every row as text; bytes as hexadecimal digits.
async fn stored(place: &Place) -> String {
    #[derive(diesel::QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let hash = match place.database.url().sqlite_file() {
        Some(_) => "lower(hex(secret_sha256))",
        None => "encode(secret_sha256, 'hex')",
    };
    let query = format!(
        "SELECT id || ' ' || label || ' ' || abilities || ' ' || {hash} AS line FROM api_tokens"
    );
    let mut connection = place.database.connect().await.unwrap();
    let lines: Vec<Line> = connection.fetch(diesel::sql_query(query)).await.unwrap();
    lines.into_iter().map(|line| line.line + "\n").collect()
}
