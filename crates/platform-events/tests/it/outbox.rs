//! An event exists exactly when what it tells of does, and it is not lost.

use std::time::Duration;

use diesel::sql_types::BigInt;
use platform_events::DeliveryState;
use store::Database;

use crate::openssl;
use crate::place::{Setup, connected, on_both, on_both_idle, on_both_with};
use crate::receiver::{How, Receiver};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rolled_back_is_not_delivered() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let mut link = place.database.connect().await.unwrap();
        let undone: store::Result<()> = link
            .transaction(async |link| {
                place.events.append(link, &connected("undone")).await?;
                Err(diesel::result::Error::RollbackTransaction.into())
            })
            .await;
        assert!(undone.is_err());
        drop(link);
        assert_eq!(count(&place.database, "platform_events").await, 0);
        assert_eq!(count(&place.database, "event_deliveries").await, 0);
        place.connected("done").await;
        place.looked().await;
        let request = receiver.last_of(1).await;
        assert_eq!(request.json()["project_id"], "prj_done");
        place.all_tried(&endpoint.id).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_before_its_commit_is_not_delivered() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(200)).await;
        place.endpoint(receiver.url()).await;
        let (events, database) = (place.events.clone(), place.database.clone());
        let (told, appended) = tokio::sync::oneshot::channel();
        let open = tokio::spawn(async move {
            let mut link = database.connect().await.unwrap();
            let never: store::Result<()> = link
                .transaction(async |link| {
                    events.append(link, &connected("open")).await?;
                    let _heard = told.send(());
                    std::future::pending().await
                })
                .await;
            never
        });
        appended.await.unwrap();
        // Nobody else sees it before its commit.
        assert_eq!(count(&place.database, "platform_events").await, 0);
        place.events.wake();
        open.abort();
        assert!(open.await.unwrap_err().is_cancelled());
        place.looked().await;
        assert_eq!(receiver.connections(), 0);
        place.connected("done").await;
        let request = receiver.last_of(1).await;
        assert_eq!(request.json()["project_id"], "prj_done");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_and_all_of_its_deliveries_are_one() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        for _ in 0..3 {
            place.endpoint(receiver.url()).await;
        }
        place.publish(&[connected("a"), connected("b")]).await;
        let requests = receiver.got(6).await;
        assert_eq!(count(&place.database, "platform_events").await, 2);
        assert_eq!(count(&place.database, "event_deliveries").await, 6);
        let mut ids: Vec<_> = requests
            .iter()
            .map(|one| one.header("mp-event-id"))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_wait_until_somebody_delivers() {
    on_both_idle(async |mut place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, secret) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        let waiting = place.deliveries(&endpoint.id).await.remove(0);
        assert_eq!(waiting.state, DeliveryState::Waiting);
        assert_eq!((waiting.attempts, waiting.last_attempt_at), (0, None));
        assert_eq!(waiting.next_attempt, Some(waiting.created_at));
        place.turn(Duration::from_secs(3_600));
        place
            .begin(&Setup {
                seed: 8,
                ..Setup::default()
            })
            .await;
        let request = receiver.last_of(1).await;
        assert_eq!(request.header("mp-event-id"), waiting.event.as_str());
        // It is told when it happened, and signed when it is sent.
        assert_eq!(request.json()["created_at"], "2026-01-01T00:00:00.000Z");
        assert_eq!(request.signed_at(), place.clock.now().unix_seconds());
        let expected = openssl::signature(&request, secret.expose(), None).await;
        assert_eq!(request.header("mp-signature"), expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_that_was_forgotten_costs_a_minute() {
    // Sleeps longer than whoever delivers, should an attempt be under way already.
    let mut patient = Setup::default();
    patient.outbound.deadline = Duration::from_secs(3_600);
    on_both_with(
        || patient.clone(),
        async |mut place| {
            let receiver = Receiver::start(How::Status(200)).await;
            place.endpoint(receiver.url()).await;
            place.looked().await;
            let mut link = place.database.connect().await.unwrap();
            let event = connected("7Zq");
            place.events.append(&mut link, &event).await.unwrap();
            drop(link);
            assert_eq!(place.wakes().await, Duration::from_secs(60));
            receiver.got(1).await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_goes_on_after_a_restart_between_two_attempts() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, secret) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        let first = receiver.last_of(1).await;
        let failed = place.tried(&endpoint.id, 1).await;
        place.end().await;
        receiver.now(How::Status(200));
        place
            .begin(&Setup {
                seed: 8,
                ..Setup::default()
            })
            .await;
        place.looked().await;
        receiver.got(1).await;
        let due = failed.next_attempt.unwrap();
        place.turn(due.since(place.clock.now()));
        let second = receiver.last_of(2).await;
        assert_eq!(second.body, first.body);
        assert_eq!(second.header("mp-event-id"), first.header("mp-event-id"));
        let expected = openssl::signature(&second, secret.expose(), None).await;
        assert_eq!(second.header("mp-signature"), expected);
        let taken = place.tried(&endpoint.id, 2).await;
        assert_eq!(taken.state, DeliveryState::Delivered);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_ends_with_its_process_is_sent_again() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Hold).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        let first = receiver.last_of(1).await;
        place.end().await;
        assert_eq!(place.tried(&endpoint.id, 0).await.last_attempt_at, None);
        receiver.now(How::Status(200));
        place
            .begin(&Setup {
                seed: 8,
                ..Setup::default()
            })
            .await;
        let second = receiver.last_of(2).await;
        assert_eq!(second.body, first.body);
        assert_eq!(second.header("mp-event-id"), first.header("mp-event-id"));
        place.tried(&endpoint.id, 1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_deliver_take_turns() {
    on_both(async |mut place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.looked().await;
        let second = tokio::spawn({
            let events = place.events.clone();
            async move { events.run().await }
        });
        for name in ["a", "b", "c", "d", "e", "f"] {
            place.connected(name).await;
        }
        place.all_tried(&endpoint.id).await;
        receiver.got(6).await;
        // The second goes on where the first ends.
        place.end().await;
        place.connected("g").await;
        receiver.got(7).await;
        second.abort();
    })
    .await;
}

pub(crate) async fn count(database: &Database, table: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let query = diesel::sql_query(format!("SELECT count(*) AS count FROM {table}"));
    let mut link = database.connect().await.unwrap();
    link.fetch_one::<Count, _>(query).await.unwrap().count
}
