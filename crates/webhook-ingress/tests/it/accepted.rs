use std::time::Duration;

use connection_directory::{Directory, Previous, Status, Update};
use request_log::Outcome;
use update_dispatcher::Seq;

use crate::harness::{NOT_FOUND, OK, PEER, Site, message, registration};

#[tokio::test(flavor = "multi_thread")]
async fn an_update_is_stored_then_acknowledged_and_recorded() {
    let site = Site::start().await;
    let body = message(41, -100);
    assert_eq!(site.answer(site.push(&body)).await, OK);

    let [queued] = &site.pending().await[..] else {
        panic!("one update")
    };
    assert_eq!(queued.body, body);
    assert_eq!(
        queued.lane.to_string(),
        format!("{}/chat:-100", site.connection.id)
    );
    assert_eq!(queued.received_at, site.clock.now());

    let [record] = &site.records().await[..] else {
        panic!("one record")
    };
    assert_eq!((record.outcome, record.status), (Outcome::Accepted, 200));
    assert_eq!(record.connection.as_ref(), Some(&site.connection.id));
    assert_eq!(record.project.as_ref(), Some(&site.connection.project));
    assert_eq!(record.remote.as_deref(), Some("127.0.0.1"));
    assert_eq!(
        (record.update_id, record.kind.as_deref()),
        (Some(41), Some("message"))
    );
    assert_eq!(record.bytes, body.len() as u64);
    assert_eq!(record.at, site.clock.now());
    assert!(record.request_id.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_carries_many_updates_and_duplicates_are_acknowledged_again() {
    let site = Site::start().await;
    let mut sender = site.connect().await;
    for update_id in [1, 2, 2, 3, 1] {
        assert_eq!(sender.ask(site.push(&message(update_id, 5))).await, OK);
    }
    let stored: Vec<_> = site
        .pending()
        .await
        .iter()
        .map(|one| one.update_id.value())
        .collect();
    assert_eq!(stored, [1, 2, 3]);
    use Outcome::{Accepted, Duplicate};
    let outcomes = [Accepted, Accepted, Duplicate, Accepted, Duplicate];
    assert_eq!(site.outcomes().await, outcomes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_nobody_knows_yet_is_stored_like_any_other() {
    let site = Site::start().await;
    let body = r#"{"update_id":9,"brand_new":{"chat":{"id":8},"what":[1,{"x":null}]}}"#;
    assert_eq!(site.answer(site.push(body)).await, OK);
    assert_eq!(site.pending().await[0].body, body);
    assert_eq!(site.records().await[0].kind.as_deref(), Some("brand_new"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_nobody_asked_for_yet_is_looked_up_once() {
    let mut site = Site::start().await;
    site.directory = Directory::open(site.database.clone(), site.clock.clone());
    let cold = site.another_ingress();
    assert_eq!(
        cold.answer(PEER, site.request(&message(1, 1)))
            .await
            .status(),
        200
    );
    let mut connection = site.database.connect().await.unwrap();
    let gone = diesel::sql_query("ALTER TABLE connections RENAME TO gone");
    connection.run(gone).await.unwrap();
    assert_eq!(
        cold.answer(PEER, site.request(&message(2, 1)))
            .await
            .status(),
        200
    );

    // Whoever must be looked up and cannot be is neither refused nor acknowledged.
    site.directory = Directory::open(site.database.clone(), site.clock.clone());
    let cold = site.another_ingress();
    assert_eq!(
        cold.answer(PEER, site.request(&message(3, 1)))
            .await
            .status(),
        503
    );
    use Outcome::{Accepted, RejectedUnavailable};
    assert_eq!(
        site.outcomes().await,
        [Accepted, Accepted, RejectedUnavailable]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_may_come_before_the_connection_is_confirmed() {
    let site = Site::start().await;
    let mut connection = site.connection.clone();
    connection.status = Status::Connecting;
    let update = site.directory.connection_update(&mut connection).await;
    assert_eq!(update.unwrap(), Update::Updated);
    assert_eq!(site.answer(site.push(&message(1, 1))).await, OK);
    assert_eq!(site.outcomes().await, [Outcome::Accepted]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_bot_s_updates_are_acknowledged_and_ignored() {
    let site = Site::start().await;
    let mut connection = site.connection.clone();
    connection.status = Status::Disconnected;
    let update = site.directory.connection_update(&mut connection).await;
    assert_eq!(update.unwrap(), Update::Updated);
    let mut sender = site.connect().await;
    assert_eq!(sender.ask(site.push(&message(1, 1))).await, OK);
    assert_eq!(sender.ask(site.push("not even JSON")).await, OK);
    assert!(site.pending().await.is_empty());
    assert!(
        site.inbox
            .quarantine_list(Seq::ZERO, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(site.outcomes().await, [Outcome::IgnoredDisconnected; 2]);
    let record = &site.records().await[0];
    assert_eq!(record.project.as_ref(), Some(&site.connection.project));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registration_before_is_accepted_until_its_end() {
    let site = Site::start().await;
    let mut connection = site.connection.clone();
    connection.current = registration(2);
    connection.previous = Some(Previous {
        registration: registration(1),
        accepted_until: Some(site.clock.now() + Duration::from_secs(600)),
    });
    let update = site.directory.connection_update(&mut connection).await;
    assert_eq!(update.unwrap(), Update::Updated);
    let push = |generation, update_id| {
        let registration = registration(generation);
        let path = site.path_of(&site.connection.id, registration);
        site.push_to(&path, &site.token_of(registration), &message(update_id, 1))
    };
    assert_eq!(site.answer(push(2, 1)).await, OK);
    assert_eq!(site.answer(push(1, 2)).await, OK);
    site.hands.advance(Duration::from_secs(600));
    assert_eq!(site.answer(push(1, 3)).await, NOT_FOUND);
    assert_eq!(site.answer(push(2, 3)).await, OK);
    assert_eq!(site.pending().await.len(), 3);
    let record = &site.records().await[2];
    assert_eq!(record.outcome, Outcome::RejectedUnknownPath);
    assert_eq!(record.project.as_ref(), Some(&site.connection.project));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_kept_and_acknowledged() {
    let site = Site::start().await;
    let unreadable = [
        "",
        "\0\u{1}",
        "not JSON",
        "{\"update_id\":1,\"message\":{",
        "[]",
        "{}",
        r#"{"message":{"chat":{"id":1}}}"#,
        r#"{"update_id":"1","message":{}}"#,
        r#"{"update_id":1}"#,
    ];
    let deep = format!("{{\"update_id\":1,\"message\":{}", "[".repeat(100_000));
    let mut sender = site.connect().await;
    for body in unreadable.into_iter().chain([deep.as_str()]) {
        assert_eq!(
            sender.ask(site.push(body)).await,
            OK,
            "{}",
            &body[..body.len().min(40)]
        );
    }
    let kept = site.inbox.quarantine_list(Seq::ZERO, 100).await.unwrap();
    assert_eq!(kept.len(), unreadable.len() + 1);
    assert_eq!(
        (kept[2].body_bytes, &*kept[2].reason),
        (8, "the update is not JSON beyond byte 0")
    );
    assert!(site.pending().await.is_empty());
    assert_eq!(site.outcomes().await, [Outcome::Quarantined; 10]);
}
