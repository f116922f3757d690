//! Webhooks that would be registered otherwise today.

use std::collections::BTreeMap;
use std::time::Duration;

use bot_connection::{BulkOutcome, Drift, Progress, ShownUrl};
use clock::Clock;
use connection_directory::Directory;
use futures_util::{StreamExt as _, stream};
use ids::{KeyId, ProjectId};
use key_ring::{KeyRing, MasterKey};
use telegram_bot_api::UpdateKind;
use telegram_simulator::{BotId, Failure, FailureKind, Via};
use token_vault::TokenVault;
use webhook_secret::WebhookSecrets;

use crate::support::{BASE, Place, bot_token, on_both, project};

const MOVED: &str = "https://8.8.8.8:8443";
const RIVAL: &str = "https://rival.example.com/AAAsecretpath";

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_bots_follow_a_new_public_address_at_the_set_rate() {
    on_both(async |mut place| {
        let bots = connect(&place, 200).await;
        place.later();
        place.control.rival_sets_webhook(bots[17], RIVAL).unwrap();
        place.control.rival_deletes_webhook(bots[90]).unwrap();
        let before = place.record("5").await;
        place.later();
        move_to(&mut place, MOVED);
        let all = Drift {
            due: 200,
            public_url: 200,
            ..Drift::default()
        };
        assert_eq!(place.connections.drift().await.unwrap(), all);

        // The process ends in the middle, with one bot told and not confirmed. The next one goes on.
        let mut shares = vec![place.parts.clock.elapsed()];
        let first = share(&place).await;
        assert!(first.done >= 48 && first.left >= 150, "{first:?}");
        let (told, bot) = next_due(&place, &bots).await;
        for how in [
            FailureKind::Delay(0),
            FailureKind::Delay(0),
            FailureKind::Cut,
        ] {
            place.fail(bot, "getWebhookInfo", how);
        }
        shares.push(place.parts.clock.elapsed());
        let second = share(&place).await;
        assert!(
            second.failed >= 1 && !second.paused_for.is_zero(),
            "{second:?}"
        );
        assert_eq!(place.record(&told).await.step, "told");
        place.restart();
        let began = place.parts.clock.elapsed();
        let (mut done, mut failed) = (first.done + second.done, first.failed + second.failed);
        assert_eq!(place.connections.resume_unfinished().await.unwrap(), 1);
        for _ in 0..9 {
            shares.push(place.parts.clock.elapsed());
            let progress = share(&place).await;
            (done, failed) = (done + progress.done, failed + progress.failed);
            if progress.left == 0 {
                break;
            }
        }
        assert!(place.parts.clock.elapsed() - began >= Duration::from_secs(9));
        // The one that was told counted as failed, and was ended by resuming.
        assert_eq!(done, 197);
        assert!((3..=5).contains(&failed), "{failed}");
        let left = place.connections.drift().await.unwrap();
        assert_eq!(
            (left.due, left.public_url),
            (2, 2),
            "the two that are not ours"
        );

        for (number, bot) in bots.iter().enumerate() {
            let expected = match number {
                17 => RIVAL.to_owned(),
                90 => String::new(),
                _ => {
                    let path = place.url(&place.record(&number.to_string()).await);
                    path.replace(BASE, MOVED)
                }
            };
            assert_eq!(place.webhook(*bot), expected, "{number}");
            let twice = usize::from(![17, 90].contains(&number)) + 1;
            assert_eq!(place.calls(*bot, "setWebhook").len(), twice, "{number}");
        }
        assert!(keeps_the_pace(&place, &shares));
        let after = place.record("5").await;
        assert!(place.accepts(&after.id, before.current).await);
        assert!(place.accepts(&after.id, after.current).await);
        place.hands.advance(Duration::from_secs(600));
        assert!(!place.accepts(&after.id, before.current).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_is_asked_about_ever_more_rarely_and_never_touched() {
    on_both(async |mut place| {
        let bots = connect(&place, 1).await;
        place.later();
        place.control.rival_sets_webhook(bots[0], RIVAL).unwrap();
        move_to(&mut place, MOVED);
        let asked = |place: &Place| place.calls(bots[0], "getWebhookInfo").len();
        let before = asked(&place);
        for _ in 0..24 * 60 {
            place.hands.advance(Duration::from_secs(60));
            let progress = place.connections.reregister_due().await.unwrap();
            assert_eq!(
                (progress.done, progress.left),
                (0, progress.failed.saturating_sub(1))
            );
        }
        let asked = asked(&place) - before;
        assert!((5..=9).contains(&asked), "in a day: {asked}");
        assert_eq!(place.webhook(bots[0]), RIVAL);
        // A person who asks for it has it set, and then nothing is due.
        place.connections.reconnect(&project("0")).await.unwrap();
        assert!(place.webhook(bots[0]).starts_with(MOVED));
        assert_eq!(place.connections.drift().await.unwrap(), Drift::default());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_kinds_another_limit_and_another_key_are_told() {
    on_both(async |mut place| {
        let few = vec![UpdateKind::Message, UpdateKind::Poll];
        let mut config = place.config.clone();
        config.allowed_updates = few.clone();
        place.reconfigure(config.clone());
        let bots = connect(&place, 3).await;
        assert_eq!(place.connections.drift().await.unwrap(), Drift::default());
        assert_eq!(share(&place).await, Progress::default());

        config.allowed_updates.push(UpdateKind::ChatMember);
        place.reconfigure(config.clone());
        let due = Drift {
            due: 3,
            kinds: 3,
            ..Drift::default()
        };
        assert_eq!(place.connections.drift().await.unwrap(), due);
        place.later();
        assert_eq!(share(&place).await.done, 3);
        let told = place.calls(bots[0], "setWebhook").pop().unwrap().parameters;
        assert!(told["allowed_updates"].contains("chat_member"));

        config.max_connections = 100;
        place.reconfigure(config);
        let drift = place.connections.drift().await.unwrap();
        assert_eq!((drift.due, drift.max_connections), (3, 3));
        place.later();
        assert_eq!(share(&place).await.done, 3);
        let told = place.calls(bots[0], "setWebhook").pop().unwrap().parameters;
        assert_eq!(told["max_connections"], "100");

        // The order of kinds is none of Telegram's business.
        let mut config = place.config.clone();
        config.allowed_updates.reverse();
        place.reconfigure(config);
        assert_eq!(place.connections.drift().await.unwrap(), Drift::default());
        for (number, bot) in bots.iter().enumerate() {
            assert_eq!(place.calls(*bot, "setWebhook").len(), 3);
            place.is_connected(&number.to_string(), *bot).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_key_is_followed_without_a_restart() {
    on_both(async |mut place| {
        let first = KeyRing::new(KeyId::new(1), MasterKey::from_bytes(&[7; 32]));
        let (both, second) = first.add(&place.parts.entropy).unwrap();
        let ring = key_ring::SharedKeyRing::new(both);
        place.parts.secrets = WebhookSecrets::new(ring.clone());
        place.parts.vault = TokenVault::new(ring.clone(), place.parts.entropy.clone());
        place.reconfigure(place.config.clone());
        let bots = connect(&place, 5).await;
        assert_eq!(share(&place).await, Progress::default());
        let before = place.record("0").await;

        ring.replace(ring.load().promote(second).unwrap());
        let drift = place.connections.drift().await.unwrap();
        assert_eq!((drift.due, drift.key), (5, 5));
        place.later();
        assert_eq!(share(&place).await.done, 5);
        for (number, bot) in bots.iter().enumerate() {
            let record = place.is_connected(&number.to_string(), *bot).await;
            assert_eq!(record.current.key_id, second);
        }
        assert!(
            place.accepts(&before.id, before.current).await,
            "for ten minutes"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_telegram_knows_already_is_written_down_and_not_told_again() {
    on_both(async |mut place| {
        let bots = connect(&place, 3).await;
        for number in ["0", "1", "2"] {
            let mut record = place.record(number).await;
            record.registered_kinds = None;
            record.registered_max_connections = None;
            let updated = place.parts.directory.connection_update(&mut record).await;
            let _ = updated.unwrap();
        }
        let drift = place.connections.drift().await.unwrap();
        assert_eq!((drift.due, drift.kinds, drift.max_connections), (3, 3, 3));
        // Somebody set our address again, and left the kinds out: nobody knows what else.
        place.later();
        place.control.rival_drops_secret(bots[1]).unwrap();
        place.later();
        place.restart();
        assert_eq!(share(&place).await.done, 3);
        assert_eq!(place.connections.drift().await.unwrap(), Drift::default());
        let set: Vec<_> = bots
            .iter()
            .map(|bot| place.calls(*bot, "setWebhook").len())
            .collect();
        assert_eq!(set, [1, 1, 1], "kinds that are left out stay");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_telegram_asks_for_stops_the_whole_campaign() {
    on_both(async |mut place| {
        for (name, method) in [("1", "getWebhookInfo"), ("2", "setWebhook")] {
            let _ = connect(&place, 30).await;
            place.later();
            let moved = if name == "1" { MOVED } else { BASE };
            move_to(&mut place, moved);
            let due = place.connections.drift().await.unwrap().due;
            place
                .control
                .fail(Failure::next(1, FailureKind::TooManyRequests(40)).on(method));
            let before = place.control.all_calls().len();
            let stopped = share(&place).await;
            assert!(stopped.paused_for > Duration::from_secs(35), "{stopped:?}");
            let calls = place.control.all_calls().len();
            assert!(calls - before <= 4, "one goes first, and alone");
            for _ in 0..3 {
                place.hands.advance(Duration::from_secs(10));
                let paused = place.connections.reregister_due().await.unwrap();
                assert_eq!((paused.done, paused.failed), (0, 0));
                assert!(paused.left > 0 && !paused.paused_for.is_zero());
            }
            assert_eq!(place.control.all_calls().len(), calls);
            place.hands.advance(Duration::from_secs(15));
            let mut done = place.connections.resume_unfinished().await.unwrap() as u64;
            while place.connections.drift().await.unwrap().due > 0 {
                done += share(&place).await.done;
            }
            assert_eq!(done, due);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_telegram_refuses_costs_one_bot_its_webhook_and_not_all() {
    on_both(async |mut place| {
        let bots = connect(&place, 20).await;
        place.later();
        move_to(&mut place, "https://nowhere.example.com");
        let mut refused = 0;
        for _ in 0..60 {
            refused += share(&place).await.failed;
            place.hands.advance(Duration::from_secs(10));
        }
        assert_eq!(refused, 1, "in ten minutes");
        let left = bots
            .iter()
            .filter(|bot| place.webhook(**bot).starts_with(BASE));
        assert_eq!(left.count() as u64, 20 - refused);

        // Its owner mends the address, and all follow.
        place.hands.advance(Duration::from_secs(3_600));
        let (other, _) = place.bot();
        place
            .control
            .rival_sets_webhook(other, "https://nowhere.example.com")
            .unwrap();
        let mut done = place.connections.resume_unfinished().await.unwrap() as u64;
        assert_eq!(done, refused);
        for _ in 0..5 {
            done += share(&place).await.done;
            place.later();
        }
        assert_eq!(done, 20);
        let elsewhere = |bot: &&BotId| !place.webhook(**bot).starts_with("https://nowhere");
        assert_eq!(bots.iter().filter(elsewhere).count(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_this_server_at_another_address_is_somebody_else() {
    on_both(async |mut place| {
        let bots = connect(&place, 1).await;
        place.later();
        let record = place.record("0").await;
        let copy = place.url(&record).replace(BASE, "https://1.1.1.1");
        place.control.rival_sets_webhook(bots[0], &copy).unwrap();
        place.later();
        move_to(&mut place, MOVED);
        let id = record.id.clone();
        let shown = place
            .connections
            .inspect(&id)
            .await
            .unwrap()
            .webhook
            .unwrap();
        let host = "1.1.1.1".to_owned();
        assert_eq!(shown.url, ShownUrl::Elsewhere { host });
        assert_eq!(share(&place).await.failed, 1);
        assert_eq!(place.webhook(bots[0]), copy);
    })
    .await;
}

/// Connects so many bots to the projects 0, 1 … that have none.
async fn connect(place: &Place, count: usize) -> Vec<BotId> {
    let there = place.parts.directory.connections_list(None, 1_000).await;
    let there = there.unwrap().len();
    let made: Vec<_> = (there..there + count)
        .map(|number| (number, place.bot()))
        .collect();
    let tokens: Vec<(ProjectId, _)> = made
        .iter()
        .map(|(number, (_, token))| (project(&number.to_string()), bot_token(token)))
        .collect();
    let connected = place.connections.connect_many(stream::iter(tokens));
    let connected: Vec<_> = connected.collect().await;
    for one in connected {
        assert!(matches!(one.outcome, BulkOutcome::Connected(_)), "{one:?}");
    }
    made.into_iter().map(|(_, (bot, _))| bot).collect()
}

/// The project and the bot whose turn is next: one that is due and that nobody has taken.
async fn next_due(place: &Place, bots: &[BotId]) -> (String, BotId) {
    let records = place.parts.directory.connections_list(None, 1_000).await;
    let mut records = records.unwrap().into_iter();
    let due = records.find_map(|record| {
        let number: usize = record.project.as_str()[4..].parse().unwrap();
        let here = record.registered_base_url.as_deref() == Some(BASE);
        let is_due = here && place.webhook(bots[number]).starts_with(BASE);
        is_due.then(|| (number.to_string(), bots[number]))
    });
    due.unwrap()
}

/// The server starts anew with another public address.
fn move_to(place: &mut Place, url: &str) {
    place.parts.directory = Directory::open(place.database.clone(), place.parts.clock.clone());
    let mut config = place.config.clone();
    config.public_url = Some(url.parse().unwrap());
    place.reconfigure(config);
}

/// One share, while time passes: slower than what really happens.
async fn share(place: &Place) -> Progress {
    let connections = place.connections.clone();
    let share = tokio::spawn(async move { connections.reregister_due().await.unwrap() });
    while !share.is_finished() {
        Clock::system().sleep(Duration::from_millis(2)).await;
        if !share.is_finished() {
            place.hands.advance(Duration::from_millis(20));
        }
    }
    share.await.unwrap()
}

/// Whether no webhook was set before its turn: in a share, the first may go at once, and each other a tenth of a second after the one
/// before. A call that is slow on its way comes later, never earlier.
fn keeps_the_pace(place: &Place, shares: &[Duration]) -> bool {
    let mut times = BTreeMap::<BotId, Vec<u64>>::new();
    for call in place.control.all_calls() {
        if call.method == "setWebhook" && call.via == Via::Http {
            times.entry(call.bot.unwrap()).or_default().push(call.at_us);
        }
    }
    // The first of each bot connected it.
    let again = times
        .into_values()
        .flat_map(|times| times.into_iter().skip(1));
    let mut again: Vec<_> = again.map(Duration::from_micros).collect();
    again.sort_unstable();
    shares.iter().enumerate().all(|(number, begin)| {
        let end = shares.get(number + 1).copied().unwrap_or(Duration::MAX);
        let within = again.iter().filter(|at| (*begin..end).contains(*at));
        within
            .zip(0..)
            .all(|(at, turn)| *at >= *begin + Duration::from_millis(100) * turn)
    })
}
