//! What an inspection tells, and that it changes nothing.

use std::time::Duration;

use bot_connection::{BotRefusal, Error, Inspection, ShownUrl, Status, TokenAnswer, WebhookShown};
use clock::Timestamp;
use ids::ConnectionId;
use telegram_bot_api::UpdateKind;
use telegram_simulator::{BotId, Failure, FailureKind, Token};

use crate::support::{Place, on_both, project};

const RIVAL: &str = "https://rival.example.com/bot123:AAAsecretpath?token=AAAsecretquery";
const SERVERLESS: &str = "https://serverless.tgcloud.example/AAAsecretpath";

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_well_is_shown_as_ours() {
    on_both(async |place| {
        let (_, _, id) = connected(&place).await;
        let before = place.record("1").await;
        let inspection = place.connections.inspect(&id).await.unwrap();
        let Inspection { webhook, token, .. } = inspection.clone();
        assert_eq!(token, TokenAnswer::Works);
        let expected = WebhookShown {
            url: ShownUrl::Ours,
            pending: 0,
            last_error: None,
            synchronization_error: None,
            address: webhook.as_ref().unwrap().address.clone(),
            max_connections: Some(40),
            missing_kinds: Vec::new(),
            custom_certificate: false,
        };
        assert_eq!(webhook, Some(expected));
        assert!(inspection.webhook.unwrap().address.is_some());
        assert_eq!(
            (inspection.status, inspection.public_host.as_deref()),
            (Status::Active, Some("bots.example.com"))
        );
        assert_eq!(inspection.project, project("1"));
        assert_eq!(inspection.at, place.parts.clock.now());
        assert_eq!(place.record("1").await, before, "it changes nothing");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rival_is_told_from_what_is_ours() {
    on_both(async |mut place| {
        let (bot, _, id) = connected(&place).await;
        let url = async |place: &Place| shown(place, &id).await.url;

        place.later();
        place.control.rival_drops_secret(bot).unwrap();
        let dropped = shown(&place, &id).await;
        assert_eq!(
            dropped.url,
            ShownUrl::Ours,
            "Telegram never shows the secret"
        );
        place.later();
        for (address, host) in [
            (RIVAL, "rival.example.com"),
            (SERVERLESS, "serverless.tgcloud.example"),
        ] {
            place.control.rival_sets_webhook(bot, address).unwrap();
            let inspection = place.connections.inspect(&id).await.unwrap();
            assert!(!format!("{inspection:?}").contains("AAAsecret"));
            assert_eq!(url(&place).await, ShownUrl::Elsewhere { host: host.into() });
            place.later();
        }
        place.control.rival_deletes_webhook(bot).unwrap();
        assert_eq!(url(&place).await, ShownUrl::Empty);

        // The same path at another public address, and an earlier registration at this one.
        let record = place.record("1").await;
        place
            .control
            .rival_sets_webhook(bot, &place.url(&record))
            .unwrap();
        assert_eq!(url(&place).await, ShownUrl::Ours);
        let mut moved = place.config.clone();
        moved.public_url = Some("https://8.8.8.8:8443".parse().unwrap());
        let home = std::mem::replace(&mut place.config, moved.clone());
        place.reconfigure(moved);
        assert_eq!(url(&place).await, ShownUrl::OursOutdated);
        place.reconfigure(home);
        place.later();
        place.connections.reconnect(&project("1")).await.unwrap();
        place.later();
        place.connections.disconnect(&project("1")).await.unwrap();
        place.connections.reconnect(&project("1")).await.unwrap();
        place.later();
        place
            .control
            .rival_sets_webhook(bot, &place.url(&record))
            .unwrap();
        assert_eq!(url(&place).await, ShownUrl::OursOutdated);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_telegram_says_to_the_token_is_an_answer() {
    on_both(async |place| {
        let (bot, token, id) = connected(&place).await;
        let answer = async || place.connections.inspect(&id).await.unwrap();
        for method in ["getMe", "getWebhookInfo"] {
            place.fail(bot, method, FailureKind::TooManyRequests(40));
            let retry_after = Duration::from_secs(40);
            assert_eq!(
                answer().await.token,
                TokenAnswer::RateLimited { retry_after }
            );
            place.fail(bot, method, FailureKind::Unauthorized);
            assert_eq!(answer().await.token, TokenAnswer::Unauthorized);
            place.fail(bot, method, FailureKind::Status(403));
            let refused = answer().await.token;
            assert!(
                matches!(
                    refused,
                    TokenAnswer::Refused {
                        why: BotRefusal::Other,
                        ..
                    }
                ),
                "{refused:?}"
            );
            // A connection that breaks once is no news.
            place.fail(bot, method, FailureKind::Cut);
            assert_eq!(answer().await.token, TokenAnswer::Works);
            for how in [FailureKind::Status(500), FailureKind::NotJson(502)] {
                place.fail(bot, method, how);
                let inspection = answer().await;
                assert!(matches!(inspection.token, TokenAnswer::Unavailable { .. }));
                assert_eq!(inspection.webhook, None);
            }
            place
                .control
                .fail(Failure::next(2, FailureKind::Cut).of(bot).on(method));
            assert!(matches!(
                answer().await.token,
                TokenAnswer::Unavailable { .. }
            ));
        }
        place.control.disable(bot).unwrap();
        assert_eq!(answer().await.token, TokenAnswer::Unauthorized);
        place.control.enable(bot).unwrap();
        assert_eq!(answer().await.token, TokenAnswer::Works);
        log_out(&place, &token).await;
        assert_eq!(answer().await.token, TokenAnswer::LoggedOut);
        let said = format!("{:?}", answer().await);
        let (_, secret) = token.expose().split_once(':').unwrap();
        assert!(!said.contains(secret));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_that_telegram_does_not_send_are_named() {
    on_both(async |place| {
        let (bot, token, id) = connected(&place).await;
        let kinds = |kinds: &[&str]| {
            telegram_bot_api::methods::SetWebhook::new(place.webhook(bot)).allowed_updates(
                kinds
                    .iter()
                    .map(|kind| (*kind).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        place.later();
        let all_but_two: Vec<&str> = UpdateKind::ALL
            .iter()
            .map(UpdateKind::as_str)
            .filter(|kind| !["poll", "chat_member"].contains(kind))
            .collect();
        let token = crate::support::bot_token(&token);
        place
            .parts
            .client
            .send(&token, &kinds(&all_but_two))
            .await
            .unwrap();
        assert_eq!(
            shown(&place, &id).await.missing_kinds,
            [UpdateKind::Poll, UpdateKind::ChatMember]
        );
        place.later();
        place.parts.client.send(&token, &kinds(&[])).await.unwrap();
        let by_default = [
            UpdateKind::MessageReaction,
            UpdateKind::MessageReactionCount,
            UpdateKind::ChatMember,
        ];
        assert_eq!(shown(&place, &id).await.missing_kinds, by_default);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_errors_are_told_and_a_disconnected_bot_can_be_looked_at() {
    on_both(async |place| {
        let (bot, _, id) = connected(&place).await;
        place
            .control
            .synchronization_error(bot, 1_764_000_000)
            .unwrap();
        let at = Timestamp::from_unix_seconds(1_764_000_000);
        assert_eq!(shown(&place, &id).await.synchronization_error, Some(at));
        place.connections.disconnect(&project("1")).await.unwrap();
        let inspection = place.connections.inspect(&id).await.unwrap();
        assert_eq!(inspection.status, Status::Disconnected);
        assert_eq!(inspection.webhook.unwrap().url, ShownUrl::Empty);

        let nobody = ConnectionId::from_parts(1, [9; 10]);
        let failed = place.connections.inspect(&nobody).await.unwrap_err();
        assert!(matches!(failed, Error::NoConnection(id) if id == nobody));
        let mut record = place.record("1").await;
        record.sealed_token = None;
        let written = place.parts.directory.connection_update(&mut record).await;
        let _ = written.unwrap();
        let inspection = place.connections.inspect(&id).await.unwrap();
        assert_eq!(
            (inspection.token, inspection.webhook),
            (TokenAnswer::NoToken, None)
        );
    })
    .await;
}

async fn connected(place: &Place) -> (BotId, Token, ConnectionId) {
    let (bot, token) = place.bot();
    let connected = place.put("1", &token).await.unwrap();
    (bot, token, connected.view.connection)
}

async fn shown(place: &Place, id: &ConnectionId) -> WebhookShown {
    place
        .connections
        .inspect(id)
        .await
        .unwrap()
        .webhook
        .unwrap()
}

async fn log_out(place: &Place, token: &Token) {
    let token = crate::support::bot_token(token);
    let call = telegram_bot_api::Call::new("logOut", serde_json::Map::new());
    place.parts.client.call(&token, &call).await.unwrap();
}
