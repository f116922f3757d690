//! The round over everybody, and the probes of the dead.

use std::collections::BTreeSet;
use std::time::Duration;

use bot_health::verdict::VerdictCode;
use bot_health::{HealthConfig, Signal};
use ids::TokenVersion;
use request_log::Outcome;
use telegram_simulator::{Failure, FailureKind};

use crate::support::{Bot, Place, on_both, plain};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_looked_at_within_the_hour_evenly_and_not_at_once() {
    on_both(plain(), async |mut place| {
        let bots = connect(&place, 12).await;
        place.watch().await;
        place.control.clear_ledger();
        place.pass(SECOND * 60, SECOND).await;
        assert!(
            place.control.all_calls().is_empty(),
            "nothing at once after a start"
        );
        place.pass(HOUR * 2, SECOND * 5).await;
        let mut all = Vec::new();
        for bot in &bots {
            let looks = place.calls(bot.bot, "getMe");
            let at: Vec<_> = looks.iter().map(|call| call.at_us / 1_000_000).collect();
            assert!(at.len() >= 2, "{at:?}");
            assert!(
                at.windows(2).all(|pair| pair[1] - pair[0] <= 3_600),
                "{at:?}"
            );
            all.extend(at);
        }
        all.sort_unstable();
        let gaps: Vec<_> = all.windows(2).map(|pair| pair[1] - pair[0]).collect();
        // The clock runs a thousand times as fast as the machine, so a look may come late now and then, and the next one in time.
        let late = gaps.iter().filter(|gap| **gap < 60).count();
        assert!(late <= 2, "{gaps:?}");
        let pairs = gaps.windows(2).map(|pair| pair[0] + pair[1]);
        assert!(
            pairs.clone().all(|pair| (120..=680).contains(&pair)),
            "{gaps:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_keeps_its_rate_and_goes_on_where_it_was_after_a_restart() {
    let config = HealthConfig {
        sweep_per_second: 1,
        sweep_round: SECOND,
        ..plain()
    };
    on_both(config, async |mut place| {
        let bots = connect(&place, 30).await;
        place.control.clear_ledger();
        let mut seen = BTreeSet::new();
        // Restarted every 15 seconds, it still comes to the end of the list.
        for _ in 0..4 {
            place.watch().await;
            place.pass(SECOND * 15, SECOND / 4).await;
            place.stop_watching().await;
        }
        for bot in &bots {
            let looks = place.calls(bot.bot, "getMe");
            seen.extend(looks.iter().map(|call| (call.at_us, bot.bot)));
        }
        let who: BTreeSet<_> = seen.iter().map(|(_, bot)| *bot).collect();
        assert_eq!(who.len(), 30);
        let times: Vec<_> = seen.iter().map(|(at, _)| *at).collect();
        assert!(times.len() <= 64, "{}", times.len());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_tokens_are_probed_in_turns_and_cost_no_more_than_their_budget() {
    let config = HealthConfig {
        probes_per_hour: 12,
        ..plain()
    };
    on_both(config, async |mut place| {
        let bots = connect(&place, 8).await;
        place.watch().await;
        for bot in &bots {
            place.control.disable(bot.bot).unwrap();
            place.health.hear(Signal::TokenRefused {
                connection: bot.id.clone(),
                token_version: TokenVersion::FIRST,
            });
        }
        for bot in &bots {
            let code = VerdictCode::TelegramApiUnauthorized;
            place
                .happens(async || place.code(bot).await == Some(code))
                .await;
        }
        place.control.clear_ledger();
        for _ in 0..240 {
            // Handlers go on calling, in vain.
            place.call(&bots[0]).await;
            place.pass(SECOND * 30, SECOND * 10).await;
        }
        let probes: Vec<_> = bots
            .iter()
            .map(|bot| place.calls(bot.bot, "getMe").len())
            .collect();
        assert!(probes.iter().sum::<usize>() <= 25, "{probes:?}");
        assert!(probes.iter().all(|probes| *probes >= 2), "{probes:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_that_telegram_does_not_answer_about_is_left_to_its_budget() {
    let config = HealthConfig {
        probes_per_hour: 1,
        ..plain()
    };
    let code = VerdictCode::TelegramApiUnauthorized;
    for how in [FailureKind::Status(502), FailureKind::TooManyRequests(1)] {
        on_both(config.clone(), async |mut place| {
            let bot = place.bot("1").await;
            place.watch().await;
            place.control.revoke(bot.bot).unwrap();
            place.call(&bot).await;
            place
                .happens(async || place.code(&bot).await == Some(code))
                .await;
            place.pass(SECOND * 20, SECOND).await;
            let silent = Failure::next(100_000, how.clone());
            place.control.fail(silent.of(bot.bot).on("getMe"));
            place.control.clear_ledger();
            // One update that was under way comes in.
            place.request(&bot, Outcome::Accepted);
            place.pass(HOUR, SECOND * 5).await;
            let looks = place.calls(bot.bot, "getMe");
            let at: Vec<_> = looks.iter().map(|call| call.at_us / 1_000_000).collect();
            assert!((1..=2).contains(&at.len()), "{how:?}: {at:?}");
            assert_eq!(place.code(&bot).await, Some(code));
        })
        .await;
    }
}

async fn connect(place: &Place, count: usize) -> Vec<Bot> {
    let mut bots = Vec::new();
    for number in 0..count {
        bots.push(place.bot(&number.to_string()).await);
    }
    bots
}
