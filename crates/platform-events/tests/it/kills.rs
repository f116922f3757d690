//! A process that is killed while it delivers. It is this very program, told on its standard input which database is its own.

use std::io::BufRead as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use clock::{Clock, Timestamp};
use platform_events::DeliveryState;
use serde_json::{Value, json};
use store::Database;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use crate::place::{Place, Setup, connected, events, on_both_idle};
use crate::receiver::{How, Receiver};
use crate::waiting::happens;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_no_event_and_gives_it_no_other_id() {
    on_both_idle(async |mut place| {
        let receiver = Receiver::start(How::Status(500)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let id = &endpoint.id;
        place.connected("between").await;
        // The first process dies between two attempts, which the database knows of.
        let mut first = start(&place).await;
        let failed = place.tried(id, 1).await;
        first.kill().await.unwrap();
        let sent = receiver.last_of(1).await;

        // The second dies while the endpoint has an event and has not answered, with another in line.
        receiver.now(How::Hang(Vec::new()));
        place
            .publish(&[connected("within"), connected("within")])
            .await;
        let mut second = start(&place).await;
        let within = receiver.last_of(2).await;
        second.kill().await.unwrap();
        assert_eq!(within.json()["project_id"], "prj_within");

        receiver.now(How::Status(200));
        place
            .begin(&Setup {
                seed: 8,
                ..Setup::default()
            })
            .await;
        let requests = receiver.got(4).await;
        assert_eq!(requests[2].body, within.body);
        let both = ["mp-event-id", "mp-event-name"];
        assert!(
            both.iter()
                .all(|name| requests[2].header(name) == within.header(name))
        );
        assert_ne!(requests[3].body, within.body);
        happens(async || place.deliveries(id).await[2].settled_at.is_some()).await;
        let due = failed.next_attempt.unwrap();
        place.turn(due.since(place.clock.now()));
        let again = receiver.last_of(5).await;
        assert_eq!(again.body, sent.body);
        happens(async || {
            let mut all = place.deliveries(id).await.into_iter();
            all.all(|delivery| delivery.state == DeliveryState::Delivered)
        })
        .await;
        let attempts = place.deliveries(id).await;
        let attempts: Vec<_> = attempts.iter().map(|one| one.attempts).collect();
        assert_eq!(attempts, [2, 1, 1]);
    })
    .await;
}

/// A process that delivers from a place's database, at the time that it is there.
async fn start(place: &Place) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kills::child", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let plan = json!({
        "database": store::testing::text_of(place.database.url()),
        "now_us": place.clock.now().unix_us(),
    });
    let plan = format!("{plan}\n");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(plan.as_bytes()).await.unwrap();
    child
}

/// Delivers until it is killed, or until nobody can be waiting for it any more.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test of this module, as a process of its own"]
async fn child() {
    let mut plan = String::new();
    std::io::stdin().lock().read_line(&mut plan).unwrap();
    let Ok(plan) = serde_json::from_str::<Value>(&plan) else {
        return;
    };
    let (clock, hands) = Clock::manual();
    hands.set(Timestamp::from_unix_us(plan["now_us"].as_i64().unwrap()));
    let url = plan["database"].as_str().unwrap().parse().unwrap();
    let database = Database::open(&url, 4).await.unwrap();
    let events = events(&database, &clock, &Setup::default(), &Arc::default());
    let alone = Clock::system();
    let _over = alone.timeout(Duration::from_secs(300), events.run()).await;
}
