//! Off here at once, and Telegram is told as a courtesy.

use bot_connection::{BotView, Error, Status};
use futures_util::FutureExt as _;
use telegram_simulator::{Failure, FailureKind};

use crate::support::{BASE, Place, bot_token, on_both, project};

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_parks_the_bot_and_tells_telegram_once() {
    on_both(async |mut place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        let before = place.record("1").await;
        let view = place.connections.disconnect(&project("1")).await.unwrap();
        assert_eq!((view.status, view.step), (Status::Disconnected, None));
        let record = place.record("1").await;
        assert_eq!(
            (record.status, &record.operation),
            (Status::Disconnected, &None)
        );
        assert_eq!(record.disconnected_at, Some(place.parts.clock.now()));
        assert!(record.sealed_token.is_some(), "a reconnect needs it");
        assert!(place.is_parked(&record.id));
        assert_eq!(place.webhook(bot), "");
        // What still comes is known by its registration and ignored, rather than taken for a forgery.
        assert!(place.accepts(&record.id, before.current).await);

        place.connections.disconnect(&project("1")).await.unwrap();
        place.restart();
        place.resume().await;
        let told = place.calls(bot, "deleteWebhook");
        assert_eq!(told.len(), 1);
        assert!(
            told[0].parameters.is_empty(),
            "nothing is dropped: {:?}",
            told[0].parameters
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_without_a_bot_has_nothing_to_disconnect() {
    on_both(async |place| {
        let missing = place
            .connections
            .disconnect(&project("1"))
            .await
            .unwrap_err();
        assert!(matches!(missing, Error::NotFound(_)), "{missing:?}");
        assert_eq!(place.connections.view(&project("1")).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rivals_webhook_is_left_alone() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        // On our own host too: only a path that we derived is ours.
        for url in [
            "https://rival.example.com/hook",
            "https://bots.example.com/telegram/webhook/x/1.1.y",
        ] {
            place.later();
            place.control.rival_sets_webhook(bot, url).unwrap();
            place.connections.disconnect(&project("1")).await.unwrap();
            assert_eq!(place.record("1").await.operation, None);
            assert_eq!(place.webhook(bot), url);
            assert_eq!(place.calls(bot, "deleteWebhook").len(), 0);
            place.put("1", &token).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telegram_out_of_reach_is_told_later() {
    on_both(async |mut place| {
        for (name, method, how) in [
            ("1", "getWebhookInfo", FailureKind::Cut),
            ("2", "deleteWebhook", FailureKind::Cut),
            ("3", "deleteWebhook", FailureKind::CutAfter),
            ("4", "getWebhookInfo", FailureKind::Status(502)),
        ] {
            let (bot, token) = place.bot();
            place.put(name, &token).await.unwrap();
            place.fail(bot, method, how.clone());
            let view = place.connections.disconnect(&project(name)).await.unwrap();
            let shown = (view.status, view.step.as_deref());
            assert_eq!(
                shown,
                (Status::Disconnected, Some("disconnect: begun")),
                "{how:?}"
            );
            assert!(place.is_parked(&view.connection));
            place.restart();
            assert_eq!(place.resume().await, 1);
            assert_eq!(place.webhook(bot), "");
            assert_eq!(place.record(name).await.operation, None);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_telegram_is_not_waited_for() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        place.fail(bot, "getWebhookInfo", FailureKind::Silence(3_600_000));
        let view = disconnect_slowly(&place).await;
        assert_eq!(view.status, Status::Disconnected);
        place
            .until(async || place.connections.resume_unfinished().await.unwrap() == 1)
            .await;
        assert_eq!(place.webhook(bot), "");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_way_to_a_slow_telegram_meets_no_other() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        place.fail(bot, "deleteWebhook", FailureKind::Delay(20_000));
        let view = disconnect_slowly(&place).await;
        assert_eq!(view.step.as_deref(), Some("disconnect: begun"));
        // The delete may take effect at any moment until its answer is there.
        for name in ["1", "2"] {
            let busy = place.put(name, &token).await.unwrap_err();
            assert!(matches!(busy, Error::Busy), "{name}: {busy:?}");
        }
        assert_eq!(place.calls(bot, "setWebhook").len(), 1);
        place
            .until(async || place.record("1").await.operation.is_none())
            .await;
        place.put("2", &token).await.unwrap();
        place.is_connected("2", bot).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_goes_away_stops_nothing() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        let (owner, pasted) = (project("1"), bot_token(&token));
        ask_and_go(async || place.connections.put_token(&owner, &pasted).await).await;
        place.settles("1", Status::Active).await;
        place.later();
        ask_and_go(async || place.connections.disconnect(&owner).await).await;
        place.settles("1", Status::Disconnected).await;
        assert!(place.is_parked(&place.record("1").await.id));
        place.later();
        ask_and_go(async || place.connections.reconnect(&owner).await).await;
        place.settles("1", Status::Active).await;
        let record = place.is_connected("1", bot).await;
        assert!(!place.is_parked(&record.id));
    })
    .await;
}

/// Asks, and goes away before there is an answer. What was asked before may be about to end just now.
async fn ask_and_go<T>(ask: impl AsyncFn() -> Result<T, Error>) {
    loop {
        let Some(answer) = ask().now_or_never() else {
            return;
        };
        assert!(matches!(answer, Err(Error::Busy)), "answered at once");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_whose_commit_was_not_heard_of_parks_the_bot_too() {
    on_both(async |place| {
        for (name, asked_again) in [("1", false), ("2", true)] {
            let (bot, token) = place.bot();
            place.put(name, &token).await.unwrap();
            // What such a commit leaves: it is in the database, and nothing followed.
            let mut record = place.record(name).await;
            record.operation = Some("disconnect".to_owned());
            record.step = "begun".to_owned();
            record.status = Status::Disconnected;
            record.disconnected_at = Some(place.parts.clock.now());
            let directory = &place.parts.directory;
            let _ = directory.connection_update(&mut record).await.unwrap();
            assert!(!place.is_parked(&record.id));
            if asked_again {
                place.connections.disconnect(&project(name)).await.unwrap();
            } else {
                place.fail(bot, "getWebhookInfo", FailureKind::Cut);
                assert_eq!(place.resume().await, 0);
            }
            assert!(place.is_parked(&record.id), "{asked_again}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_died_needs_no_courtesy() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        place.control.revoke(bot).unwrap();
        let view = place.connections.disconnect(&project("1")).await.unwrap();
        assert_eq!((view.status, view.step), (Status::Disconnected, None));
        assert_eq!(place.resume().await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_was_being_connected_is_withdrawn_too() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.fail(bot, "setWebhook", FailureKind::CutAfter);
        place.put("1", &token).await.unwrap_err();
        assert_ne!(place.webhook(bot), "");
        place.connections.disconnect(&project("1")).await.unwrap();
        assert_eq!(place.webhook(bot), "");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_courtesy_does_not_touch_the_bots_next_connection() {
    on_both(async |place| {
        let (bot, token) = place.bot();
        place.put("1", &token).await.unwrap();
        place.control.fail(
            Failure::next(1, FailureKind::Cut)
                .of(bot)
                .on("getWebhookInfo"),
        );
        place.connections.disconnect(&project("1")).await.unwrap();
        // A disconnected record reserves nothing: another project takes the bot, with the same token.
        let connected = place.put("2", &token).await.unwrap();
        assert_eq!(
            connected.warnings,
            [],
            "our own earlier webhook is no rival"
        );
        assert_eq!(place.resume().await, 1);
        place.is_connected("2", bot).await;
        assert!(place.webhook(bot).starts_with(BASE));
        assert_eq!(place.calls(bot, "deleteWebhook").len(), 0);
    })
    .await;
}

/// Disconnects while Telegram does not answer.
async fn disconnect_slowly(place: &Place) -> BotView {
    let connections = place.connections.clone();
    let off = tokio::spawn(async move { connections.disconnect(&project("1")).await });
    place.pass_time(off).await.unwrap()
}
