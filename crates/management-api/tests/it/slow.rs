//! A Telegram that takes its time.

use std::time::Duration;

use serde_json::Value;
use telegram_simulator::{BotId, Failure, FailureKind, Ledger};

use crate::support::{Answer, DEADLINE, Place, bot, on_both, pasted};

#[tokio::test(flavor = "multi_thread")]
async fn after_two_seconds_the_step_is_told_and_the_work_goes_on() {
    on_both(async |place| {
        for (project, method, step, status) in [
            ("1", "getMe", "verify: begun", "none"),
            ("2", "setWebhook", "connect: begun", "connecting"),
        ] {
            let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
            let answer = slow(&place, project, bot_id, method, &pasted(&token)).await;
            assert_eq!(answer.status, 202);
            assert_eq!(answer.data()["step"], step);
            assert_eq!(
                (&answer.data()["status"], &answer.data()["connected"]),
                (&status.into(), &false.into())
            );
            let busy = place.send("PUT", &bot(project), &pasted(&token)).await;
            assert_eq!(busy.fault(), (409, "OPERATION_IN_PROGRESS"));
            assert_eq!(busy.header("retry-after"), "2");
            let shown = until(&place, project, |data| data["connected"] == true).await;
            assert_eq!(shown.data().get("step"), None);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_after_that_is_learned_by_asking() {
    on_both(async |place| {
        let (bot_id, revoked) = place.control.new_bot("Helper", "helper_bot");
        let token = place.control.revoke(bot_id).unwrap();
        let silence = FailureKind::Silence(5_000);
        place
            .control
            .fail(Failure::next(1, silence).of(bot_id).on("getMe"));
        let request = place.start_sending("PUT", &bot("1"), &pasted(&token));
        assert_eq!(answered(&place, request).await.status, 202);
        let shown = until(&place, "1", |data| data["failure"].is_object()).await;
        let failure = &shown.data()["failure"];
        assert_eq!(failure["code"], "TELEGRAM_UNAVAILABLE");
        assert!(failure["message"].is_string() && failure["remediation"].is_string());
        assert_eq!(shown.data()["status"], "none");

        let refused = place.put("1", &revoked).await;
        assert_eq!(refused.fault(), (422, "BOT_TOKEN_NOT_VALID"));
        let shown = place.send("GET", &bot("1"), "").await;
        assert_eq!(
            shown.data().get("failure"),
            None,
            "the next change has the last word"
        );
        assert_eq!(place.put("1", &token).await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_after_that_is_learned_by_asking() {
    on_both(async |place| {
        let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
        place
            .control
            .rival_sets_webhook(bot_id, "https://rival.example.com/x")
            .unwrap();
        place.hands.advance(Duration::from_secs(2));
        let answer = slow(&place, "1", bot_id, "getMe", &pasted(&token)).await;
        assert_eq!(answer.status, 202);
        let shown = until(&place, "1", |data| {
            data["warnings"].is_array() && data["connected"] == true
        })
        .await;
        assert!(
            shown.data()["warnings"][0]
                .as_str()
                .unwrap()
                .contains("rival.example.com")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_does_not_stop_the_work() {
    on_both(async |place| {
        let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
        place.control.fail(
            Failure::next(1, FailureKind::Delay(100))
                .of(bot_id)
                .on("getMe"),
        );
        let request = place.start_sending("PUT", &bot("1"), &pasted(&token));
        asked(&place, bot_id, "getMe").await;
        request.abort();
        until(&place, "1", |data| data["connected"] == true).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_does_not_stop_a_disconnect() {
    on_both(async |place| {
        let (bot_id, token) = place.control.new_bot("Helper", "helper_bot");
        assert_eq!(place.put("1", &token).await.status, 200);
        place.control.fail(
            Failure::next(1, FailureKind::Delay(1_000))
                .of(bot_id)
                .on("deleteWebhook"),
        );
        let request = place.start_sending("DELETE", &bot("1"), "");
        asked(&place, bot_id, "deleteWebhook").await;
        request.abort();
        let ended = |data: &Value| data["status"] == "disconnected" && data.get("step").is_none();
        until(&place, "1", ended).await;
    })
    .await;
}

/// Puts a token while Telegram takes five seconds for a method, and answers what was said after two.
async fn slow(place: &Place, project: &str, bot_id: BotId, method: &str, body: &str) -> Answer {
    place.control.fail(
        Failure::next(1, FailureKind::Delay(5_000))
            .of(bot_id)
            .on(method),
    );
    let request = place.start_sending("PUT", &bot(project), body);
    asked(place, bot_id, method).await;
    answered(place, request).await
}

async fn answered(
    place: &Place,
    request: tokio::task::JoinHandle<http::Response<http_body_util::Full<bytes::Bytes>>>,
) -> Answer {
    for _ in 0..25 {
        if request.is_finished() {
            break;
        }
        place.hands.advance(Duration::from_millis(100));
        clock::Clock::system()
            .sleep(Duration::from_millis(10))
            .await;
    }
    place.read(request.await.unwrap()).await
}

async fn asked(place: &Place, bot_id: BotId, method: &str) {
    let called = |ledger: &Ledger| ledger.calls(bot_id).any(|call| call.method == method);
    place.control.wait_for(called, DEADLINE).await.unwrap();
}

/// Asks again and again, while time passes, until the answer is as wanted.
async fn until(place: &Place, project: &str, wanted: impl Fn(&Value) -> bool) -> Answer {
    let mut shown = place.send("GET", &bot(project), "").await;
    for _ in 0..200 {
        if wanted(shown.data()) {
            break;
        }
        place.hands.advance(Duration::from_millis(100));
        clock::Clock::system().sleep(Duration::from_millis(2)).await;
        shown = place.send("GET", &bot(project), "").await;
    }
    assert!(wanted(shown.data()), "it did not come to that: {shown:?}");
    shown
}
