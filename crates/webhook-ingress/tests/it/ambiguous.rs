//! Heads that can be read in two ways, and ways to write one that nobody needs.

use request_log::Outcome;

use crate::harness::{NOT_FOUND, OK, Site, message};

const CLOSED: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn two_lengths_are_refused_whoever_sends_them() {
    let site = Site::start().await;
    let body = message(1, 1);
    let length = format!("Content-Length: {}\r\n", body.len());
    let genuine = site.push(&body);
    let pairs = [
        length.repeat(2),
        format!("{length}Content-Length: 5\r\n"),
        format!("{length}Transfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\n{length}"),
        "Transfer-Encoding: gzip, chunked\r\n".to_owned(),
    ];
    for pair in &pairs {
        let twice = genuine.replace(&length, pair);
        // Where hyper sees it by itself, it answers in its own words.
        let answer = site.answer(&twice).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{pair}: {answer}"
        );
        let forged = twice.replace(&site.token(), "guess");
        assert_eq!(site.answer(forged).await, answer, "{pair}");
    }
    assert_eq!(
        site.answer(genuine.replace(&length, &pairs[0])).await,
        CLOSED
    );
    assert!(site.pending().await.is_empty());
    assert_eq!(
        site.outcomes_when(11).await,
        [Outcome::RejectedMalformed; 11]
    );
    assert_eq!(site.answer(genuine).await, OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_types_are_refused_once_the_sender_has_proved_itself() {
    let site = Site::start().await;
    let kind = "Content-Type: application/json\r\n";
    let twice = site.push(&message(1, 1)).replace(kind, &kind.repeat(2));
    let answer = site.answer(&twice).await;
    assert_eq!(
        answer,
        "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
    );
    let forged = twice.replace(&site.token(), "guess");
    assert_eq!(site.answer(forged).await, NOT_FOUND);
    let none = site.push(&message(1, 1)).replace(kind, "");
    assert_eq!(site.answer(none).await, OK);
    use Outcome::{Accepted, RejectedMalformed, RejectedWrongSecret};
    let outcomes = [RejectedMalformed, RejectedWrongSecret, Accepted];
    assert_eq!(site.outcomes().await, outcomes);
    let record = &site.records().await[0];
    assert_eq!((record.status, record.bytes), (400, 0));
    assert_eq!(record.project.as_ref(), Some(&site.connection.project));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_telegram_is_asked_for_a_body() {
    let site = Site::start().await;
    let (body, expects) = (message(1, 1), "Expect: 100-continue\r\nContent-Length: ");
    let request = site.push(&body).replace("Content-Length: ", expects);
    let head = &request[..request.len() - body.len()];
    let mut sender = site.connect().await;
    assert_eq!(sender.ask(head).await, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(sender.ask(&body).await, OK);
    let forged = head.replace(&site.token(), "guess");
    let answer = site.answer(forged).await;
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert_eq!(site.pending().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_with_a_host_is_no_path_of_ours() {
    let site = Site::start().await;
    let path = site.path();
    for target in [
        format!("http://bots.example.com{path}"),
        format!("https://bots.example.com{path}"),
        format!("HTTP://user@bots.example.com:443{path}"),
        format!("bots.example.com:443{path}"),
    ] {
        let request = site.push_to(&target, &site.token(), &message(1, 1));
        let answer = site.answer(request).await;
        let refused = answer == NOT_FOUND || answer.starts_with("HTTP/1.1 400 ");
        assert!(refused, "{target}: {answer}");
    }
    assert!(site.pending().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_sender_may_keep_its_connection() {
    let site = Site::start().await;
    let mut sender = site.connect().await;
    for update_id in 1..=2 {
        let request = site
            .push(&message(update_id, 1))
            .replace("HTTP/1.1", "HTTP/1.0");
        let answer = sender.ask(request).await;
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
        assert!(answer.contains("connection: keep-alive\r\n"), "{answer}");
    }
    let once = site.push(&message(3, 1)).replace("HTTP/1.1", "HTTP/1.0");
    let answer = site
        .answer(once.replace("Connection: keep-alive\r\n", ""))
        .await;
    assert_eq!(answer, OK.replace("HTTP/1.1", "HTTP/1.0"));
    assert_eq!(site.pending().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forger_s_connection_is_closed_early_and_telegram_s_is_not() {
    use std::time::Duration;
    let site = Site::start().await;
    let (mut telegram, mut forger) = (site.connect().await, site.connect().await);
    assert_eq!(telegram.ask(site.push(&message(1, 1))).await, OK);
    let forged = site.push_to("/telegram/webhook/guess", "guess", "{}");
    assert_eq!(forger.ask(&forged).await, NOT_FOUND);
    site.hands.sleepers(2).await;
    site.hands.advance(Duration::from_secs(10));
    assert!(forger.is_closed().await);
    site.hands.advance(Duration::from_secs(60));
    assert_eq!(telegram.ask(site.push(&message(2, 1))).await, OK);
}
