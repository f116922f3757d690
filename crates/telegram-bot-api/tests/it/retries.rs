//! What is tried again, when, and what is not.

use std::time::Duration;

use clock::{Clock, Entropy};
use serde_json::json;
use telegram_bot_api::{Call, Client, ClientConfig, Error, Retry, Throttler};
use tokio::net::TcpListener;

use crate::server::{Reply, Stage, call, token, turning};

const SECOND: Duration = Duration::from_secs(1);

fn message() -> Call {
    call("sendMessage", json!({"chat_id": 7, "text": "hi"}))
}

fn read() -> Call {
    call("getChat", json!({"chat_id": 7}))
}

#[tokio::test]
async fn a_429_is_waited_for_and_then_anything_is_repeated() {
    for waits in [
        [Reply::retry_after(7), Reply::retry_after(7)],
        [Reply::Wait("7"), Reply::Wait("7")],
    ] {
        for call in [message(), read(), call("answerCallbackQuery", json!({}))] {
            let stage = Stage::with(waits.iter().cloned().chain([Reply::ok()])).await;
            stage.perform(&call).await.unwrap();
            let at: Vec<_> = stage.seen().iter().map(|seen| seen.at).collect();
            assert!(
                at[1] >= at[0] + 7 * SECOND && at[1] < at[0] + 10 * SECOND,
                "{at:?}"
            );
            assert!(at[2] >= at[1] + 7 * SECOND && at.len() == 3, "{at:?}");
        }
    }
}

#[tokio::test]
async fn a_429_may_come_more_often_than_there_are_attempts() {
    let replies = (0..8).map(|_| Reply::retry_after(1)).chain([Reply::ok()]);
    let stage = Stage::with(replies).await;
    stage.perform(&message()).await.unwrap();
    assert_eq!(stage.seen().len(), 9);
}

#[tokio::test]
async fn whoever_looks_after_repetitions_hears_of_every_failure_at_once() {
    for reply in [Reply::retry_after(7), Reply::json(502, "Bad Gateway")] {
        let stage = Stage::with([reply, Reply::ok()]).await;
        let once = stage.client.once();
        let failed = once.call(&token(1), &read()).await.unwrap_err();
        assert!(matches!(failed.code(), Some(429 | 502)), "{failed:?}");
        once.call(&token(1), &read()).await.unwrap();
        assert_eq!(stage.seen().len(), 2);
    }
}

#[tokio::test]
async fn whoever_waits_a_little_hears_of_longer_waits_at_once() {
    let replies = [
        Reply::retry_after(3),
        Reply::ok(),
        Reply::retry_after(4),
        Reply::ok(),
    ];
    let stage = Stage::with(replies).await;
    let patient = stage.client.waiting_at_most(3 * SECOND);
    let (token, read) = (token(1), read());
    let answer = stage.turning(patient.call(&token, &read)).await;
    answer.unwrap();
    assert!(stage.seen()[1].at >= 3 * SECOND, "it was waited out");
    let failed = patient.call(&token, &read).await.unwrap_err();
    assert_eq!((failed.code(), stage.seen().len()), (Some(429), 3));
}

#[tokio::test]
async fn a_server_fault_is_repeated_for_reads_alone() {
    for fault in [
        Reply::json(502, "Bad Gateway"),
        Reply::json(500, "{}"),
        Reply::Cut,
    ] {
        for harmless in [
            read(),
            call("setWebhook", json!({"url": "https://example.org"})),
        ] {
            let stage = Stage::with([fault.clone(), fault.clone(), Reply::ok()]).await;
            stage.perform(&harmless).await.unwrap();
            assert_eq!(stage.seen().len(), 3);
        }
        let stage = Stage::with([fault, Reply::ok()]).await;
        let error = stage.perform(&message()).await.unwrap_err();
        assert_eq!((error.retry(), stage.seen().len()), (Retry::Ambiguous, 1));
    }
}

#[tokio::test]
async fn attempts_and_the_pauses_between_them_are_counted() {
    let stage = Stage::with([Reply::json(503, "")]).await;
    let error = stage.perform(&read()).await.unwrap_err();
    assert!(matches!(error, Error::ServerFault { status: 503, .. }));
    let at: Vec<_> = stage.seen().iter().map(|seen| seen.at).collect();
    assert_eq!(at.len(), 4);
    for (pause, doubled_ms) in at
        .windows(2)
        .map(|at| at[1] - at[0])
        .zip([500, 1_000, 2_000])
    {
        assert!(pause >= Duration::from_millis(doubled_ms / 2), "{at:?}");
    }
}

#[tokio::test]
async fn refusals_are_not_repeated() {
    for status in [400, 401, 403, 404, 409, 413] {
        let stage = Stage::with([Reply::json(status, "{}")]).await;
        assert_eq!(
            stage.perform(&read()).await.unwrap_err().retry(),
            Retry::Never
        );
        assert_eq!(stage.seen().len(), 1);
    }
}

#[tokio::test]
async fn no_answer_in_time_is_ambiguous_and_repeated_for_reads_alone() {
    let stage = Stage::with([Reply::Hang, Reply::ok()]).await;
    stage.perform(&read()).await.unwrap();
    let seen = stage.seen();
    assert!(
        seen[1].at >= 30 * SECOND && seen[1].at < 35 * SECOND,
        "{:?}",
        seen[1].at
    );
    assert_ne!(seen[0].connection, seen[1].connection);

    let stage = Stage::with([Reply::Hang, Reply::ok()]).await;
    let error = stage.perform(&message()).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { ambiguous: true }));
    assert_eq!(stage.seen().len(), 1);
}

#[tokio::test]
async fn the_whole_call_ends_at_its_deadline() {
    let stage = Stage::with([Reply::Hang]).await;
    let error = stage.perform(&read()).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { ambiguous: true }));
    assert_eq!(stage.seen().len(), 2, "30 s, a pause, and what was left");
    let elapsed = stage.clock.elapsed();
    assert!(
        elapsed >= 60 * SECOND && elapsed < 62 * SECOND,
        "{elapsed:?}"
    );
}

#[tokio::test]
async fn a_long_poll_may_take_as_long_as_it_asked_for() {
    let config = |config| ClientConfig {
        deadline: 120 * SECOND,
        attempts: 1,
        ..config
    };
    let stage = Stage::configured([Reply::Hang], config).await;
    stage
        .perform(&call("getUpdates", json!({"timeout": 50})))
        .await
        .unwrap_err();
    let elapsed = stage.clock.elapsed();
    assert!(
        elapsed >= 80 * SECOND && elapsed < 82 * SECOND,
        "{elapsed:?}"
    );
}

#[tokio::test]
async fn what_was_not_sent_is_repeated_whatever_it_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (clock, hands) = Clock::manual();
    let config = ClientConfig {
        api_root: format!("http://{address}").parse().unwrap(),
        ..ClientConfig::default()
    };
    let client = Client::new(config, clock.clone(), Entropy::seeded(7)).unwrap();
    let (token, message) = (token(1), message());
    let error = turning(&hands, client.call(&token, &message))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Network {
            ambiguous: false,
            ..
        }
    ));
    assert!(
        clock.elapsed() >= Duration::from_millis(250 + 500 + 1_000),
        "three pauses"
    );
}

#[tokio::test]
async fn a_connection_that_does_not_stand_in_time_is_tried_anew() {
    // It accepts, and never answers to TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (clock, hands) = Clock::manual();
    let config = ClientConfig {
        api_root: format!("https://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap(),
        ..ClientConfig::default()
    };
    let client = Client::new(config, clock.clone(), Entropy::seeded(7)).unwrap();
    let (token, message) = (token(1), message());
    let error = turning(&hands, client.call(&token, &message))
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::TimedOut { ambiguous: false }),
        "{error:?}"
    );
    let elapsed = clock.elapsed();
    assert!(
        elapsed >= 40 * SECOND && elapsed < 50 * SECOND,
        "{elapsed:?}"
    );
    for _ in 0..4 {
        listener.accept().await.unwrap();
    }
}

#[tokio::test]
async fn requests_beyond_the_most_wait_for_a_place() {
    let config = |config| ClientConfig {
        max_requests: 1,
        ..config
    };
    let stage = Stage::configured([Reply::Hang, Reply::ok()], config).await;
    let (token, message, read) = (token(1), message(), read());
    let both = async {
        tokio::join!(
            stage.client.call(&token, &message),
            stage.client.call(&token, &read)
        )
    };
    let (first, second) = stage.turning(both).await;
    assert!(first.is_err() && second.is_ok());
    assert!(
        stage.seen()[1].at >= 30 * SECOND,
        "only when the first had given up"
    );
}

#[tokio::test]
async fn a_wait_for_ones_turn_counts_towards_the_deadline() {
    let config = |config| ClientConfig {
        deadline: 2 * SECOND,
        ..config
    };
    let stage = Stage::configured([Reply::ok()], config).await;
    for _ in 0..3 {
        stage.perform(&message()).await.unwrap();
    }
    let before = stage.clock.elapsed();
    let error = stage.perform(&message()).await.unwrap_err();
    let Error::Throttled {
        retry_after,
        by: Throttler::OwnLimits,
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(retry_after > 2 * SECOND && retry_after <= 3 * SECOND);
    assert_eq!((stage.clock.elapsed(), stage.seen().len()), (before, 3));
}
