//! Many tokens, as fast as Telegram takes new bots.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bot_connection::{BulkItem, BulkOutcome, Did, Error, Pace};
use clock::Clock;
use futures_util::{StreamExt as _, stream};
use ids::ProjectId;
use telegram_bot_api::BotToken;
use telegram_simulator::{Failure, FailureKind, Ledger};

use crate::support::{DEADLINE, Place, bot_token, on_both, project};

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_tokens_keep_to_telegrams_limits_and_leave_room_for_people() {
    on_both(async |mut place| {
        limited(&mut place);
        let mut tokens = tokens(&place, 300);
        for number in [0, 7, 50, 199, 299] {
            let (_, token) = &mut tokens[number];
            let mistyped = format!("{}:{}", token.bot_user_id(), "A".repeat(35));
            *token = mistyped.parse().unwrap();
        }
        let working = start(&place, tokens.clone());
        let mut people = 0;
        while !working.is_finished() {
            pass_time(&place).await;
            let minutes = place.parts.clock.elapsed().as_secs() / 60;
            if minutes > people && !working.is_finished() {
                // Somebody pastes a token while all that is under way, once a minute.
                people = minutes;
                let name = format!("person{people}");
                let (_, token) = place.bot();
                let connections = place.connections.clone();
                let token = bot_token(&token);
                let pasted = connections.put_token(&project(&name), &token).await;
                assert_eq!(pasted.unwrap().did, Did::Connected);
            }
        }
        let ended = working.await.unwrap();
        let connected = |one: &&BulkItem| matches!(one.outcome, BulkOutcome::Connected(_));
        assert_eq!(ended.iter().filter(connected).count(), 295);
        for one in ended.iter().filter(|one| !connected(one)) {
            assert!(
                matches!(one.outcome, BulkOutcome::Refused(Error::TokenNotValid)),
                "{one:?}"
            );
        }
        let took = place.parts.clock.elapsed().as_secs() / 60;
        assert!((19..=24).contains(&took), "{took} minutes");
        assert!(people >= 18);
        assert!(most_new_bots_in_a_minute(&place) <= 20);
        let throttled = place
            .control
            .all_calls()
            .iter()
            .filter(|call| call.status == 429)
            .count();
        assert_eq!(throttled, 0);

        // All of them again: what is connected is not asked about.
        let before = place.control.all_calls().len();
        let again = start(&place, tokens);
        while !again.is_finished() {
            pass_time(&place).await;
        }
        let already = |one: &&BulkItem| matches!(one.outcome, BulkOutcome::Already);
        assert_eq!(again.await.unwrap().iter().filter(already).count(), 295);
        assert_eq!(place.control.all_calls().len() - before, 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paste_that_finds_the_budget_used_up_is_told_when_to_come_back() {
    on_both(async |mut place| {
        limited(&mut place);
        for (project, token) in tokens(&place, 20) {
            place.connections.put_token(&project, &token).await.unwrap();
        }
        let (bot, token) = place.bot();
        let failed = place
            .connections
            .put_token(&project("late"), &bot_token(&token))
            .await;
        let Err(Error::TooManyNewBots { retry_after }) = failed else {
            panic!("{failed:?}")
        };
        assert_eq!(retry_after, Duration::from_secs(61));
        assert!(place.calls(bot, "getMe").is_empty());
        // What is connected is no new bot, whatever is done with it.
        place.later();
        place.connections.reconnect(&project("3")).await.unwrap();
        place.hands.advance(retry_after - Duration::from_secs(3));
        let waiting = place.start_putting("late", &token);
        place.pass_time(waiting).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_stops_no_other_and_a_wait_stops_all() {
    on_both(async |place| {
        let tokens = tokens(&place, 40);
        let other = tokens[1].clone();
        place
            .connections
            .put_token(&project("other"), &other.1)
            .await
            .unwrap();
        let bot = |number: usize| telegram_simulator::BotId(tokens[number].1.bot_user_id());
        // Out of reach for a moment, out of reach for good.
        place.fail(bot(2), "setWebhook", FailureKind::Status(502));
        place
            .control
            .fail(Failure::next(u32::MAX, FailureKind::Cut).of(bot(3)));
        place
            .control
            .fail(Failure::next(1, FailureKind::TooManyRequests(100)).of(bot(20)));
        let working = start(&place, tokens.clone());
        while !working.is_finished() {
            pass_time(&place).await;
        }
        let ended = working.await.unwrap();
        assert_eq!(ended.len(), 40);
        for one in &ended {
            let number = tokens
                .iter()
                .position(|(project, _)| *project == one.project);
            let as_expected = match (number.unwrap(), &one.outcome) {
                (1, BulkOutcome::Refused(Error::ConnectedElsewhere)) => true,
                (3, BulkOutcome::Later(Error::TelegramUnavailable(_))) => true,
                (1 | 3, _) => false,
                (_, outcome) => matches!(outcome, BulkOutcome::Connected(_)),
            };
            assert!(as_expected, "{one:?}");
        }
        let asked_to_wait = place
            .control
            .all_calls()
            .into_iter()
            .find(|call| call.status == 429);
        let from = asked_to_wait.unwrap().answered_us;
        let begun = |at: u64| at > from + 5_000_000 && at < from + 99_000_000;
        let calls = place.control.all_calls();
        let meanwhile = calls
            .iter()
            .filter(|call| call.method == "getMe" && begun(call.at_us));
        let new = meanwhile.filter(|call| call.bot != Some(bot(3))).count();
        assert_eq!(new, 0, "nothing was begun meanwhile");
    })
    .await;
}

/// Telegram's limits on new bots are kept, there and here.
fn limited(place: &mut Place) {
    place.control.limit_new_bots(true);
    let mut config = place.config.clone();
    config.pace = Pace::default();
    place.reconfigure(config);
}

fn tokens(place: &Place, count: usize) -> Vec<(ProjectId, BotToken)> {
    (0..count)
        .map(|number| (project(&number.to_string()), bot_token(&place.bot().1)))
        .collect()
}

fn start(
    place: &Place,
    tokens: Vec<(ProjectId, BotToken)>,
) -> tokio::task::JoinHandle<Vec<BulkItem>> {
    let connections = place.connections.clone();
    tokio::spawn(async move {
        let ended = connections.connect_many(stream::iter(tokens));
        ended.collect().await
    })
}

/// Lets time pass as soon as nothing happens any more without.
async fn pass_time(place: &Place) {
    let calls = calls(place).await;
    Clock::system().sleep(Duration::from_millis(4)).await;
    if self::calls(place).await == calls {
        place.hands.advance(Duration::from_millis(500));
    }
}

/// How many calls there were: counted, since there are thousands.
async fn calls(place: &Place) -> usize {
    let count = AtomicUsize::new(0);
    let look = |ledger: &Ledger| {
        count.store(ledger.all_calls().len(), Ordering::Relaxed);
        true
    };
    place.control.wait_for(look, DEADLINE).await.unwrap();
    count.into_inner()
}

/// By the simulator's record: each token's first call is its getMe.
fn most_new_bots_in_a_minute(place: &Place) -> usize {
    let calls = place.control.all_calls();
    let times: Vec<u64> = calls
        .iter()
        .filter(|call| call.method == "getMe")
        .map(|call| call.at_us)
        .collect();
    let within = |from: &u64| {
        times
            .iter()
            .filter(|at| (*from..*from + 60_000_000).contains(*at))
            .count()
    };
    times.iter().map(within).max().unwrap_or_default()
}
