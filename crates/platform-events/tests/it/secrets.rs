//! A signing secret is shown once, and is nowhere else as it is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::Entropy;
use diesel::sql_types::{Binary, Nullable, Text};
use ids::{EndpointId, KeyId};
use platform_events::{DeliveryFilter, Error, RewrapPage, SigningSecret};
use store::Database;

use crate::openssl;
use crate::place::{DAY, Place, Setup, on_both};
use crate::receiver::{How, Receiver};

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_in_nothing_that_is_shown_or_stored() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, first) = place.endpoint(receiver.url()).await;
        let id = &endpoint.id;
        let made = format!("{endpoint:?} {first:?}");
        assert!(made.contains("SigningSecret(redacted)"));
        let rotated = place.events.endpoint_rotate_secret(id).await.unwrap();
        place.connected("7Zq").await;
        place.tried(id, 1).await;
        let mut shown = format!("{made} {rotated:?} {:?}", place.events);
        let second = rotated.secret;
        let listed = place.events.endpoints(None, 10).await.unwrap();
        let trial = place.events.endpoint_test(id).await.unwrap();
        let all = DeliveryFilter::default();
        let deliveries = place.events.deliveries_list(&all, None, 10).await.unwrap();
        shown.push_str(&format!("{listed:?} {trial:?} {deliveries:?}"));
        shown.push_str(&format!("{:?}", place.events.expire().await.unwrap()));
        // Neither does `Debug` tell what an owner's address hides.
        assert!(!shown.contains("owners-secret"), "{shown}");

        // A secret that does not open with the keys of today.
        let other = Setup {
            ring: key_ring::KeyRing::new(KeyId::new(1), key_ring::MasterKey::from_bytes(&[8; 32])),
            seed: 8,
            ..Setup::default()
        };
        place.begin(&other).await;
        let trial = place.events.endpoint_test(id).await.unwrap();
        let why = "the stored signing secret does not open with this server's keys: give the endpoint a new secret";
        assert_eq!((trial.status, trial.failure.as_deref()), (None, Some(why)));
        shown.push_str(&format!("{trial:?}"));
        let refused = place.events.rewrap_page(None, 10).await.unwrap();
        shown.push_str(&format!("{refused:?} {:?}", Error::NoSuchEndpoint));
        let third = place.events.endpoint_rotate_secret(id).await.unwrap().secret;

        let stored = stored(&place.database).await;
        for secret in [&first, &second, &third] {
            for form in forms(secret) {
                assert!(!holds(shown.as_bytes(), &form));
                assert!(!holds(&stored, &form));
            }
        }
        // It was looked for where it would be.
        assert!(holds(&stored, id.as_str().as_bytes()));
    })
    .await;
}

/// A secret as its owner writes it, without its prefix, and as bytes.
fn forms(secret: &SigningSecret) -> [Vec<u8>; 2] {
    let text = secret.expose().strip_prefix("whsec_").unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
    assert_eq!(bytes.len(), 32);
    [text.as_bytes().to_vec(), bytes]
}

fn holds(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

/// Every text and every byte that the tables hold; of a database in a file, the files too.
async fn stored(database: &Database) -> Vec<u8> {
    #[derive(diesel::QueryableByName)]
    struct Texts {
        #[diesel(sql_type = Text)]
        texts: String,
        #[diesel(sql_type = Nullable<Binary>)]
        one: Option<Vec<u8>>,
        #[diesel(sql_type = Nullable<Binary>)]
        two: Option<Vec<u8>>,
    }
    let queries = [
        "SELECT id || url || description || event_types || coalesce(last_failure, '') AS texts, \
         secret AS one, previous_secret AS two FROM event_endpoints",
        "SELECT id || type || project_id AS texts, body AS one, NULL AS two FROM platform_events",
        "SELECT event_id || coalesce(last_failure, '') || coalesce(last_answer, '') AS texts, \
         NULL AS one, NULL AS two FROM event_deliveries",
    ];
    let mut all = Vec::new();
    let mut link = database.connect().await.unwrap();
    for query in queries {
        let rows: Vec<Texts> = link.fetch(diesel::sql_query(query)).await.unwrap();
        assert!(!rows.is_empty());
        for row in rows {
            all.extend(row.texts.into_bytes());
            all.extend(row.one.unwrap_or_default());
            all.extend(row.two.unwrap_or_default());
        }
    }
    if let Some(path) = store::testing::text_of(database.url()).strip_prefix("sqlite:") {
        for file in [path.to_owned(), format!("{path}-wal")] {
            all.extend(std::fs::read(file).unwrap());
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_opens_for_its_own_endpoint_and_version_only() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (one, _) = place.endpoint(receiver.url()).await;
        let (two, _) = place.endpoint(receiver.url()).await;
        let why = "the stored signing secret does not open with this server's keys: give the endpoint a new secret";
        // Another's.
        let swap = format!(
            "UPDATE event_endpoints SET secret = (SELECT secret FROM event_endpoints WHERE id = '{}') WHERE id = '{}'",
            one.id, two.id
        );
        write(&place, swap).await;
        place.connected("7Zq").await;
        let failed = place.tried(&two.id, 1).await;
        assert_eq!(failed.last_failure.as_deref(), Some(why));
        place.tried(&one.id, 1).await;
        // Its own, of before.
        let aged = format!("UPDATE event_endpoints SET secret_version = 2 WHERE id = '{}'", one.id);
        write(&place, aged).await;
        let trial = place.events.endpoint_test(&one.id).await.unwrap();
        assert_eq!(trial.failure.as_deref(), Some(why));
        receiver.got(1).await;
        // A new one mends it.
        for id in [&one.id, &two.id] {
            let new = place.events.endpoint_rotate_secret(id).await.unwrap();
            // What does not open signs nothing, so the one before must be over.
            place.turn(DAY);
            let trial = place.events.endpoint_test(id).await.unwrap();
            assert_eq!(trial.failure, None);
            let request = receiver.requests().pop().unwrap();
            let expected = openssl::signature(&request, new.secret.expose(), None).await;
            assert_eq!(request.header("mp-signature"), expected);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_move_to_another_master_key_and_sign_as_before() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, old) = place.endpoint(receiver.url()).await;
        let new = place
            .events
            .endpoint_rotate_secret(&endpoint.id)
            .await
            .unwrap()
            .secret;
        let (alone, _) = place.endpoint(receiver.url()).await;
        let (first, entropy) = (KeyId::new(1), Entropy::seeded(9));
        assert_eq!(keys(&place).await, [(first, 3)]);
        let (ring, second) = Setup::default().ring.add(&entropy).unwrap();
        let ring = ring.promote(second).unwrap();
        place
            .begin(&Setup {
                ring: ring.clone(),
                seed: 8,
                ..Setup::default()
            })
            .await;
        let page = place.events.rewrap_page(None, 1).await.unwrap();
        let rest = place
            .events
            .rewrap_page(page.next.as_ref(), 10)
            .await
            .unwrap();
        assert_eq!(
            (page.rewrapped + rest.rewrapped, page.damaged + rest.damaged),
            (3, 0)
        );
        assert!(page.next.is_some() && rest.next.is_none());
        assert_eq!(keys(&place).await, [(second, 3)]);
        let again = place.events.rewrap_page(None, 10).await.unwrap();
        assert_eq!(again, RewrapPage::default());

        let signed = async |id: &EndpointId, current: &SigningSecret, old: &SigningSecret| {
            let trial = place.events.endpoint_test(id).await.unwrap();
            assert_eq!(trial.failure, None);
            let request = receiver.requests().pop().unwrap();
            let expected = openssl::signature(&request, current.expose(), Some(old.expose()));
            assert_eq!(request.header("mp-signature"), expected.await);
        };
        signed(&endpoint.id, &new, &old).await;
        // A damaged one stays as it is, and is counted.
        let damage =
            "UPDATE event_endpoints SET secret = previous_secret WHERE previous_secret IS NOT NULL";
        write(&place, damage.into()).await;
        let (ring, third) = ring.add(&entropy).unwrap();
        let ring = ring.promote(third).unwrap();
        place
            .begin(&Setup {
                ring,
                seed: 9,
                ..Setup::default()
            })
            .await;
        let page = place.events.rewrap_page(None, 10).await.unwrap();
        assert_eq!((page.rewrapped, page.damaged), (2, 1));
        assert_eq!(keys(&place).await, [(second, 1), (third, 2)]);
        place.events.endpoint_delete(&alone.id).await.unwrap();
        // Secrets that sign no more count no more.
        place.turn(DAY);
        assert_eq!(keys(&place).await, [(second, 1)]);
    })
    .await;
}

async fn keys(place: &Place) -> Vec<(KeyId, u64)> {
    let counted = place.events.secrets_by_key().await.unwrap();
    counted.into_iter().collect()
}

async fn write(place: &Place, query: String) {
    let mut link = place.database.connect().await.unwrap();
    let touched = link.run(diesel::sql_query(query)).await.unwrap();
    assert_eq!(touched, 1);
}
