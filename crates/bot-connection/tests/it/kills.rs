//! A process that is killed between any two steps: whatever it left is finished or undone by the next one, record and Telegram agree, what
//! happened is announced once, and no update is lost.
//!
//! The moments come from the machine's own table, so that a new step is killed at without anybody's doing.

mod case;
mod child;
mod road;
mod server;
mod stage;

use std::collections::BTreeSet;

use bot_connection::{Status, kill_points};

use self::case::Case;
use self::stage::Stage;

/// What is done, and which operations that is carried out by.
const DEEDS: [(&str, &[&str]); 7] = [
    ("connect", &["connect"]),
    ("reconnect", &["reconnect"]),
    ("repair", &["repair"]),
    ("rotate", &["rotate"]),
    ("renew", &["renew"]),
    ("disconnect", &["disconnect"]),
    ("replace", &["disconnect", "connect"]),
];

#[test]
fn every_operation_is_killed_in_some_deed() {
    let killed: BTreeSet<_> = DEEDS
        .iter()
        .flat_map(|(_, operations)| *operations)
        .collect();
    let points = kill_points();
    let all: BTreeSet<_> = points.iter().map(|(operation, _)| operation).collect();
    assert_eq!(killed, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_it_connects() {
    killed_everywhere("connect").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_it_reconnects() {
    killed_everywhere("reconnect").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_it_repairs() {
    killed_everywhere("repair").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_it_rotates() {
    killed_everywhere("rotate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_it_renews() {
    killed_everywhere("renew").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_it_disconnects() {
    killed_everywhere("disconnect").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_it_replaces() {
    killed_everywhere("replace").await;
}

async fn killed_everywhere(what: &str) {
    let (_, operations) = DEEDS.iter().find(|(deed, _)| *deed == what).unwrap();
    Stage::on_every_database(async |stage| {
        let points = kill_points().into_iter();
        let points = points.filter(|(operation, _)| operations.contains(operation));
        for (number, (_, point)) in points.enumerate() {
            killed_at(&stage, what, &number.to_string(), &point).await;
        }
    })
    .await;
}

async fn killed_at(stage: &Stage, what: &str, project: &str, point: &str) {
    let context = format!("{what}, killed at \"{point}\"");
    let mut case = Case::prepare(stage, what, project).await;
    let before = case.record(stage).await;
    let announced = case.announced(stage).await;
    let webhook = stage.webhook(case.bot);
    case.dies(stage, point).await;

    let server = stage.restart().await;
    let turning = stage.turn();
    stage.resume_all(&server, &context).await;
    if point.ends_with("not begun") {
        assert_eq!(case.record(stage).await, before, "{context}");
        assert_eq!(case.announced(stage).await, announced, "{context}");
        assert_eq!(stage.webhook(case.bot), webhook, "{context}");
        case.deed.do_it(&server).await.unwrap();
    }
    case.is_done(stage, &server, &context).await;
    case.nothing_is_lost(stage, &server, &context).await;
    turning.abort();
    stage.stop(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_a_refused_webhook_undoes_a_connect() {
    killed_while_refused("connect", Status::Disconnected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_a_refused_webhook_holds_up_a_rotation() {
    killed_while_refused("rotate", Status::Active).await;
}

/// Telegram refuses the webhook, the process dies of it or right after, and the next one is refused as well.
async fn killed_while_refused(what: &str, left: Status) {
    Stage::on_every_database(async |stage| {
        for (number, moment) in ["it fails", "its failure is written"].iter().enumerate() {
            let point = format!("{what}: begun, {moment}");
            let mut case = Case::prepare(&stage, what, &number.to_string()).await;
            let announced = case.announced(&stage).await;
            stage.resolves(false);
            case.dies(&stage, &point).await;

            let server = stage.restart().await;
            let turning = stage.turn();
            server.connections.resume_unfinished().await.unwrap();
            let record = case.record(&stage).await.unwrap();
            let waits = (left == Status::Active).then_some(what);
            let found = (record.status, record.operation.as_deref());
            assert_eq!(found, (left, waits), "{point}");
            assert!(record.warning.is_some(), "{point}");
            assert_eq!(case.announced(&stage).await, announced, "{point}");
            stage.resolves(true);
            if waits.is_none() {
                case.deed.do_it(&server).await.unwrap();
            }
            stage.resume_all(&server, &point).await;
            case.is_done(&stage, &server, &point).await;
            case.nothing_is_lost(&stage, &server, &point).await;
            turning.abort();
            stage.stop(server).await;
        }
    })
    .await;
}
