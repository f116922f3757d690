//! What else Telegram can say of a bot: each is told once, with its code.

use std::time::Duration;

use bot_health::Signal;
use bot_health::verdict::VerdictCode;
use telegram_bot_api::{BotToken, Call};
use telegram_simulator::{ChatId, DeliveryFailure, DeliveryFault, Failure, FailureKind};

use crate::support::{Bot, Place, degraded, on_both, plain};

const STEP: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn each_cause_has_its_code_and_is_told_once() {
    on_both(plain(), async |mut place| {
        let mut bots = Vec::new();
        for (number, (code, _)) in CAUSES.iter().enumerate() {
            bots.push((place.bot(&number.to_string()).await, *code));
        }
        place.watch().await;
        for ((bot, _), (_, begin)) in bots.iter().zip(CAUSES) {
            begin(&place, bot);
        }
        place.pass(STEP * 4, STEP).await;
        log_out(&place, &bots[0].0).await;
        for (bot, _) in &bots {
            let connection = bot.id.clone();
            place.health.hear(Signal::Registered { connection });
        }
        for (bot, code) in &bots {
            let told = [degraded(*code)];
            place
                .until(STEP, async || place.told(bot).await == told)
                .await;
        }
        place.pass(STEP * 100, STEP).await;
        for (bot, code) in &bots {
            assert_eq!(place.told(bot).await, [degraded(*code)]);
            assert_eq!(place.changes(bot).await.len(), 1, "{code}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_that_somebody_left_out_are_told() {
    on_both(plain(), async |mut place| {
        let bot = place.bot("1").await;
        place.watch().await;
        let mut info = place.control.webhook_info(bot.bot).unwrap();
        info["allowed_updates"] = serde_json::json!(["message"]);
        place.control.answer_with("getWebhookInfo", info);
        let connection = bot.id.clone();
        place.health.hear(Signal::Registered { connection });
        let told = [degraded(VerdictCode::UpdatesNotSubscribed)];
        place
            .until(STEP, async || place.told(&bot).await == told)
            .await;
    })
    .await;
}

type Begin = fn(&Place, &Bot);

const CAUSES: [(VerdictCode, Begin); 4] = [
    // Its call has to be waited for: see above.
    (VerdictCode::TelegramLoggedOut, |_, _| {}),
    (VerdictCode::TelegramRateLimited, |place, bot| {
        let often = FailureKind::TooManyRequests(600);
        place
            .control
            .fail(Failure::next(100_000, often).of(bot.bot));
    }),
    (VerdictCode::WebhookCertificate, |place, bot| {
        let untrusted = DeliveryFault::Tls(DeliveryFault::UNTRUSTED.to_owned());
        fail(place, bot, untrusted);
    }),
    (VerdictCode::WebhookUnreachable, |place, bot| {
        let refused = DeliveryFault::Connect(DeliveryFault::REFUSED.to_owned());
        fail(place, bot, refused);
    }),
];

fn fail(place: &Place, bot: &Bot, how: DeliveryFault) {
    place
        .control
        .fail_delivery(DeliveryFailure::of(bot.bot, how));
    place
        .control
        .user_sends(bot.bot, ChatId(1), "hello?")
        .unwrap();
}

async fn log_out(place: &Place, bot: &Bot) {
    let token: BotToken = bot.token.expose().parse().unwrap();
    let call = Call::new("logOut", serde_json::Map::new());
    place.parts.client.call(&token, &call).await.unwrap();
}
