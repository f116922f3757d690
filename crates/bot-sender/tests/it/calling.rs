//! One call for one bot.

use bot_sender::{SendError, TokenRefused};
use connection_directory::{Status, Update};
use ids::{ConnectionId, TokenVersion};
use serde_json::{Value, json};
use telegram_bot_api::{Call, ChatId, methods::SendMessage};
use telegram_simulator::{Failure, FailureKind};

use crate::support::{call, on_both, vault};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_made_with_the_token_of_its_bot() {
    on_both(async |place| {
        let mut ids = Vec::new();
        for status in [Status::Active, Status::Connecting] {
            ids.push(place.bot(status).await);
        }
        for (id, bot) in &ids {
            let hello = Call::from(SendMessage::new(ChatId(1_001), "hello"));
            place
                .control
                .user_sends(*bot, telegram_simulator::ChatId(1_001), "/start")
                .unwrap();
            let answer = place.sender.call(id, &hello).await.unwrap();
            let message: Value = serde_json::from_str(answer.get()).unwrap();
            assert_eq!(message["text"], "hello");
            let calls = place.control.calls(*bot);
            assert_eq!(calls.len(), 1);
            assert_eq!(calls[0].parameters["text"], "hello");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_not_connected_makes_no_call() {
    on_both(async |place| {
        let (id, bot) = place.bot(Status::Disconnected).await;
        let nobody = ConnectionId::from_parts(1, [9; 10]);
        for id in [&id, &nobody] {
            let refused = place
                .sender
                .call(id, &call("getMe", json!({})))
                .await
                .unwrap_err();
            assert!(matches!(refused, SendError::NotConnected), "{refused:?}");
        }
        assert_eq!(place.control.calls(bot).len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_counts_from_the_next_call_on() {
    on_both(async |place| {
        let (id, _) = place.bot(Status::Active).await;
        place
            .sender
            .call(&id, &call("getMe", json!({})))
            .await
            .unwrap();
        let mut record = place.directory.connection_find(&id).await.unwrap().unwrap();
        record.status = Status::Disconnected;
        let written = place
            .directory
            .connection_update(&mut record)
            .await
            .unwrap();
        assert_eq!(written, Update::Updated);
        let refused = place
            .sender
            .call(&id, &call("getMe", json!({})))
            .await
            .unwrap_err();
        assert!(matches!(refused, SendError::NotConnected), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_may_call_does_not_reach_telegram() {
    on_both(async |place| {
        let (id, bot) = place.bot(Status::Active).await;
        for (method, params) in [
            ("SetWebhook", json!({"url": ""})),
            ("deleteWebhook", json!({})),
            ("getUpdates", json!({})),
            ("getWebhookInfo", json!({})),
            ("logout", json!({})),
            ("close", json!({})),
            ("getManagedBotToken", json!({"user_id": 1})),
            ("sendMessage/../logOut", json!({})),
            (
                "sendDocument",
                json!({"chat_id": 1, "document": "file:///etc/passwd"}),
            ),
        ] {
            let refused = place
                .sender
                .call(&id, &call(method, params))
                .await
                .unwrap_err();
            assert!(
                matches!(&refused, SendError::Forbidden { method: told, .. } if told == method)
            );
        }
        assert_eq!(place.control.calls(bot).len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_sealed_under_another_key_is_not_opened() {
    on_both(async |place| {
        let (bot, token) = place.control.new_bot("Helper", "helper_bot");
        let id = place.record(bot, &token, Status::Active, &vault(2)).await;
        let refused = place
            .sender
            .call(&id, &call("getMe", json!({})))
            .await
            .unwrap_err();
        assert!(matches!(refused, SendError::Sealed), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_told_to_whoever_watches() {
    on_both(async |mut place| {
        let (id, bot) = place.bot(Status::Active).await;
        place.control.revoke(bot).unwrap();
        let refused = place
            .sender
            .call(&id, &call("getMe", json!({})))
            .await
            .unwrap_err();
        assert!(matches!(&refused, SendError::Telegram(error) if error.is_unauthorized()));
        let told = TokenRefused {
            connection: id.clone(),
            token_version: TokenVersion::FIRST,
        };
        assert_eq!(place.refusals.try_recv().unwrap(), told);
        // Nobody listening, or nobody fast enough, holds nothing up.
        for _ in 0..1_100 {
            place
                .sender
                .call(&id, &call("getMe", json!({})))
                .await
                .unwrap_err();
        }
        let mut heard = 0;
        while place.refusals.try_recv().is_ok() {
            heard += 1;
        }
        assert_eq!(heard, 1_024);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_show_no_token() {
    on_both(async |place| {
        let (bot, token) = place.control.new_bot("Helper", "helper_bot");
        let id = place.record(bot, &token, Status::Active, &vault(1)).await;
        let (_, secret) = token.expose().split_once(':').unwrap();
        for how in [
            FailureKind::Cut,
            FailureKind::NotJson(502),
            FailureKind::Unauthorized,
            FailureKind::Status(400),
            FailureKind::TooManyRequests(120),
        ] {
            place.control.fail(Failure::next(1, how));
            let error = place
                .sender
                .call(&id, &call("getMe", json!({})))
                .await
                .unwrap_err();
            let text = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
            assert!(!text.contains(secret), "{text}");
            assert!(!text.contains("/bot"), "{text}");
        }
    })
    .await;
}
