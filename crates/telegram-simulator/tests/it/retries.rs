//! What happens when the receiver does not say 2xx.

use std::time::Duration;

use serde_json::json;

use crate::harness::{CHAT, Telegram, URL};
use crate::receiver::{Received, Receiver};

const HOUR: Duration = Duration::from_secs(3_600);

/// Turns the clock from alarm to alarm until a request comes: the sender's own and the idle connection's are set, so nothing is
/// on its way. Answers how far it was turned.
async fn next(telegram: &Telegram, receiver: &mut Receiver) -> (Duration, Received) {
    let mut turned = Duration::ZERO;
    loop {
        tokio::select! {
            biased;
            request = receiver.next() => return (turned, request),
            () = telegram.hands.sleepers(2) => {
                turned += telegram.hands.advance_to_next().unwrap();
                // Whoever was woken must run before sleepers are counted again.
                tokio::task::yield_now().await;
            }
        }
    }
}

#[tokio::test]
async fn the_schedule_is_telegrams() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    let update_id = telegram.says("x");
    receiver.next().await.answer("500 Internal Server Error");
    let mut delays = Vec::new();
    for _ in 0..10 {
        let (delay, request) = next(&telegram, &mut receiver).await;
        assert_eq!(request.update_id(), update_id);
        delays.push(delay.as_secs());
        request.answer("500 Internal Server Error");
    }
    assert_eq!(delays[..6], [0, 2, 4, 8, 16, 32]);
    assert!((60..=64).contains(&delays[6]), "{delays:?}");
    for delay in &delays[7..] {
        assert!((60..=120).contains(delay), "{delays:?}");
    }
    let attempts: Vec<u32> = telegram
        .control
        .deliveries(telegram.bot)
        .iter()
        .map(|one| one.attempt)
        .collect();
    assert_eq!(attempts, (1..=11).collect::<Vec<_>>());
    assert_eq!(
        telegram.info()["last_error_message"],
        "Wrong response from the webhook: 500 Internal Server Error"
    );
}

#[tokio::test]
async fn nothing_but_2xx_counts() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    telegram.says("x");
    for status in ["302 Found", "100 Continue", "404 Not Found"] {
        let (_, request) = next(&telegram, &mut receiver).await;
        request.answer(status);
        let seen = telegram.control.deliveries(telegram.bot).len();
        telegram.ended(seen).await;
        let text = format!("Wrong response from the webhook: {status}");
        assert_eq!(telegram.info()["last_error_message"], text);
    }
    let (_, request) = next(&telegram, &mut receiver).await;
    request.answer("299 Strange But Fine");
    telegram.acknowledged(1).await;
    let info = telegram.info();
    assert!(
        info.get("last_error_message").is_some(),
        "success does not clear it"
    );
}

#[tokio::test]
async fn retry_after_replaces_the_delay_up_to_an_hour() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    telegram.says("x");
    receiver
        .next()
        .await
        .answer_with("503 Busy", "Retry-After: 7");
    let (delay, request) = next(&telegram, &mut receiver).await;
    assert_eq!(delay.as_secs(), 7);
    request.answer_with("503 Busy", "Retry-After: 99999");
    let (delay, request) = next(&telegram, &mut receiver).await;
    assert!(
        delay >= HOUR && delay < HOUR + Duration::from_secs(3),
        "{delay:?}"
    );
    request.answer_with("503 Busy", "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT");
    let (delay, _) = next(&telegram, &mut receiver).await;
    assert_eq!(
        delay.as_secs(),
        0,
        "a date is ignored; this is the first failure that counts"
    );
}

#[tokio::test]
async fn what_would_expire_first_is_dropped_at_once() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    let tap = json!({"id": "9", "from": {"id": CHAT}, "data": "x"});
    let send = || {
        telegram
            .control
            .update(telegram.bot, "callback_query", &tap)
            .unwrap()
            .unwrap()
    };
    let lost = send();
    receiver
        .next()
        .await
        .answer_with("503 Busy", "Retry-After: 151");
    telegram.ended(1).await;
    assert_eq!(telegram.info()["pending_update_count"], 0);
    let kept = send();
    receiver
        .next()
        .await
        .answer_with("503 Busy", "Retry-After: 150");
    let (delay, request) = next(&telegram, &mut receiver).await;
    assert!(delay.as_secs() >= 150);
    assert_eq!(request.update_id(), kept);
    let updates = telegram.control.updates(telegram.bot);
    assert_eq!(updates[0].update_id, lost);
    assert!(updates[0].dropped_us.is_some() && updates[1].dropped_us.is_none());
}

#[tokio::test]
async fn silence_and_broken_answers_are_told_apart() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    telegram.says("x");
    let closed = receiver.next().await;
    closed.raw("");
    telegram.ended(1).await;
    let info = telegram.info();
    assert!(
        info.get("last_error_message").is_none(),
        "a clean close leaves nothing"
    );
    // The first retry is due at once, but a connection is opened only each two seconds.
    telegram.hands.sleepers(1).await;
    telegram.hands.advance(Duration::from_secs(2));
    let silent = receiver.next().await;
    telegram.hands.sleepers(1).await;
    telegram.hands.advance(Duration::from_secs(60));
    telegram.ended(2).await;
    assert_eq!(
        telegram.info()["last_error_message"],
        "Read timeout expired"
    );
    drop(silent);
    let (_, broken) = next(&telegram, &mut receiver).await;
    broken.raw("HTTP/2 200 OK\r\n\r\n");
    telegram.ended(3).await;
    assert_eq!(
        telegram.info()["last_error_message"],
        "HTTP Version Not Supported"
    );
}

#[tokio::test]
async fn a_day_of_410_removes_the_webhook_without_a_word() {
    let (telegram, mut receiver) = Telegram::with_webhook(json!({})).await;
    telegram.says("x");
    let mut waited = Duration::ZERO;
    let mut request = receiver.next().await;
    while waited <= 23 * HOUR {
        assert_eq!(telegram.info()["url"], URL);
        request.answer_with("410 Gone", "Retry-After: 2700");
        let (delay, retried) = next(&telegram, &mut receiver).await;
        waited += delay;
        request = retried;
    }
    request.answer("410 Gone");
    let deliveries = telegram.control.deliveries(telegram.bot).len();
    telegram.ended(deliveries).await;
    assert_eq!(telegram.info()["url"], "");
}
