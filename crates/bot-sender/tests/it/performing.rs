//! Which failures of an effect are worth another try.

use std::time::Duration;

use clock::Clock;
use connection_directory::{Directory, Status};
use ids::ConnectionId;
use serde_json::json;
use store::Database;
use store::testing::on_every_empty_database;
use telegram_bot_api::Call;
use telegram_simulator::{Access, ChatId, Failure, FailureKind};
use update_dispatcher::{Perform as _, RetryWhen};

use crate::support::{Place, call, on_both, unreachable, vault};

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_that_is_done_is_done() {
    on_both(async |place| {
        let (id, bot) = place.bot(Status::Active).await;
        place
            .control
            .user_sends(bot, ChatId(1_001), "/start")
            .unwrap();
        assert_eq!(place.sender.perform(&id, &message()).await, Ok(()));
        assert_eq!(place.control.calls(bot).len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_says_whether_to_try_again() {
    on_both(async |place| {
        let (id, bot) = place.bot(Status::Active).await;
        let table = [
            (
                FailureKind::TooManyRequests(120),
                RetryWhen::Waiting {
                    told: Some(Duration::from_secs(120)),
                },
            ),
            (FailureKind::Unauthorized, WAITING),
            (FailureKind::Status(400), RetryWhen::Never),
            (FailureKind::Status(403), RetryWhen::Never),
            // It was sent, and nobody knows what became of it.
            (FailureKind::Status(500), RetryWhen::Never),
            (FailureKind::NotJson(502), RetryWhen::Never),
            (FailureKind::Cut, RetryWhen::Never),
            (FailureKind::CutAfter, RetryWhen::Never),
        ];
        for (number, (how, retry)) in table.into_iter().enumerate() {
            let (id, bot) = match &how {
                // The client remembers for how long a bot is to be quiet.
                FailureKind::TooManyRequests(_) => place.bot(Status::Active).await,
                _ => (id.clone(), bot),
            };
            // A chat of its own, because the client paces the messages of a chat.
            let chat = 2_000 + i64::try_from(number).unwrap();
            place
                .control
                .user_sends(bot, ChatId(chat), "/start")
                .unwrap();
            place.control.fail(Failure::next(1, how.clone()).of(bot));
            let hello = call("sendMessage", json!({"chat_id": chat, "text": "hello"}));
            assert_eq!(failed(&place, &id, &hello).await, retry, "{how:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_refuses_does_not_hold_up_the_others() {
    on_both(async |place| {
        let (id, bot) = place.bot(Status::Active).await;
        place
            .control
            .set_access(bot, ChatId(1_001), Access::Blocked)
            .unwrap();
        assert_eq!(failed(&place, &id, &message()).await, RetryWhen::Never);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_mend_itself_here_is_waited_for() {
    on_both(async |place| {
        let (parked, _) = place.bot(Status::Disconnected).await;
        let (bot, token) = place.control.new_bot("Helper", "helper_bot");
        let sealed = place.record(bot, &token, Status::Active, &vault(2)).await;
        for id in [parked, sealed] {
            assert_eq!(failed(&place, &id, &message()).await, WAITING);
        }
        let (id, _) = place.bot(Status::Active).await;
        let forbidden = call("logOut", json!({}));
        assert_eq!(failed(&place, &id, &forbidden).await, RetryWhen::Never);
    })
    .await;
}

/// Nothing listens there. Many more failures than an update has attempts.
#[tokio::test(flavor = "multi_thread")]
async fn telegram_out_of_reach_is_waited_for_however_often() {
    on_both(async |place| {
        let (id, _) = place.bot(Status::Active).await;
        let sender = place.unreachable();
        // A chat each, because the client paces the messages of a chat.
        for chat in 0..10 {
            let hello = call(
                "sendMessage",
                json!({"chat_id": 3_000 + chat, "text": "hello"}),
            );
            let failure = sender.perform(&id, &hello).await.unwrap_err();
            assert_eq!(failure.retry, WAITING, "{failure:?}");
        }
    })
    .await;
}

/// The client paces the messages of a chat by itself; what would take too long it gives back.
#[tokio::test(flavor = "multi_thread")]
async fn our_own_limits_are_waited_for_as_long_as_they_say() {
    on_both(async |place| {
        let (id, bot) = place.bot(Status::Active).await;
        place
            .control
            .user_sends(bot, ChatId(1_001), "/start")
            .unwrap();
        let long = Failure::next(1, FailureKind::TooManyRequests(300)).of(bot);
        place.control.fail(long);
        failed(&place, &id, &message()).await;
        let calls = place.control.calls(bot).len();
        let waits = failed(&place, &id, &message()).await;
        let told = |least| RetryWhen::Waiting {
            told: Some(Duration::from_secs(least)),
        };
        assert_eq!(waits, told(300));
        assert_eq!(place.control.calls(bot).len(), calls, "nothing was sent");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_read_is_waited_for() {
    // Without its tables no database answers.
    on_every_empty_database(async |url| {
        let database = Database::open(&url, 1).await.unwrap();
        let (clock, _) = Clock::manual();
        let directory = Directory::open(database, clock.clone());
        let sender = unreachable(&clock, directory, vault(1));
        let id = ConnectionId::from_parts(1, [9; 10]);
        let failure = sender.perform(&id, &message()).await.unwrap_err();
        assert_eq!(failure.retry, WAITING, "{failure:?}");
        assert!(failure.reason.contains("record"), "{failure:?}");
    })
    .await;
}

const WAITING: RetryWhen = RetryWhen::Waiting { told: None };

async fn failed(place: &Place, id: &ConnectionId, call: &Call) -> RetryWhen {
    let failure = place.sender.perform(id, call).await.unwrap_err();
    assert!(failure.reason.len() > 10, "{failure:?}");
    failure.retry
}

fn message() -> Call {
    call("sendMessage", json!({"chat_id": 1_001, "text": "hello"}))
}
