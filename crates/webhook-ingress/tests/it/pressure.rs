use request_log::Outcome;
use update_inbox::InboxConfig;
use webhook_ingress::IngressConfig;

use crate::harness::{OK, Site, message};

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_full_inbox_asks_telegram_to_come_again_in_time() {
    let full = InboxConfig {
        waiting: 0,
        ..InboxConfig::default()
    };
    let site = Site::with(IngressConfig::default(), full).await;
    let of_kind =
        |kind: &str| format!(r#"{{"update_id":1,"{kind}":{{"id":"1","from":{{"id":7}}}}}}"#);
    for (body, seconds) in [
        (message(1, 1), 10),
        (of_kind("callback_query"), 5),
        (of_kind("inline_query"), 1),
    ] {
        let answer = site.answer(site.push(&body)).await;
        assert_eq!(
            answer,
            format!("{BUSY}retry-after: {seconds}\r\ncontent-length: 0\r\n\r\n")
        );
    }
    let records = site.records().await;
    assert_eq!(records.len(), 3);
    assert_eq!(
        (records[0].outcome, records[0].status),
        (Outcome::RejectedOverloaded, 503)
    );
    assert_eq!(records[1].kind.as_deref(), Some("callback_query"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_stored_is_not_acknowledged() {
    let site = Site::start().await;
    site.inbox.close().await;
    let mut sender = site.connect().await;
    for body in [message(1, 1), "not JSON".into()] {
        let answer = sender.ask(site.push(&body)).await;
        assert_eq!(answer, format!("{BUSY}content-length: 0\r\n\r\n"));
    }
    assert_eq!(site.outcomes().await, [Outcome::RejectedUnavailable; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_being_read_share_a_bounded_memory() {
    let config = IngressConfig {
        max_reading_bytes: 1_000,
        ..IngressConfig::default()
    };
    let site = Site::with(config, InboxConfig::default()).await;
    let mut slow = site.connect().await;
    let claim = format!("{:900}", message(1, 1));
    let request = site.push(&claim);
    slow.send(&request[..request.len() - 1]).await;
    site.hands.sleepers(2).await;
    let answer = site.answer(site.push(&message(2, 1))).await;
    assert_eq!(
        answer,
        format!("{BUSY}retry-after: 1\r\ncontent-length: 0\r\n\r\n")
    );
    assert_eq!(slow.ask(&request[request.len() - 1..]).await, OK);
    assert_eq!(site.answer(site.push(&message(2, 1))).await, OK);
    use Outcome::{Accepted, RejectedOverloaded};
    let mut outcomes = site.outcomes().await;
    outcomes.sort();
    assert_eq!(outcomes, [Accepted, Accepted, RejectedOverloaded]);
}
