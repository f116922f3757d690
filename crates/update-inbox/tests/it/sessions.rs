//! What handlers remember is on disk with the end of the update, and nowhere before.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clock::Timestamp;
use ids::ConnectionId;
use serde::{Deserialize, Serialize};
use telegram_bot_api::{Call, ChatId};
use update_dispatcher::router::Session;
use update_dispatcher::{
    Dispatcher, DispatcherConfig, Failure, Journal as _, Lane, LaneKey, Perform, Queued, Retry,
    Router, SessionChange, SessionLimits, StoredSession,
};
use update_inbox::{Inbox, InboxJournal};

use crate::support::{connection, dead, ids, message, on_both, retry, settle, told_outcome};

fn lane(chat: i64) -> LaneKey {
    LaneKey::new(connection(1), Lane::Chat(ChatId(chat)))
}

fn stored(data: &str, expires_s: i64) -> StoredSession {
    StoredSession {
        data: Bytes::copy_from_slice(data.as_bytes()),
        expires_at: Timestamp::from_unix_seconds(expires_s),
    }
}

fn change(chat: i64, name: &str, becomes: Option<&str>) -> SessionChange {
    SessionChange {
        lane: lane(chat),
        name: Arc::from(name),
        was: None,
        becomes: becomes.map(|data| stored(data, 1_767_300_000)),
    }
}

fn finish(journal: &InboxJournal, queued: &Queued, changes: Vec<SessionChange>) {
    let mut outcome = told_outcome();
    outcome.sessions = changes;
    journal.finished(queued.seq, outcome);
}

async fn read(journal: &InboxJournal, chat: i64, name: &str) -> Option<String> {
    let found = journal.session(&lane(chat), name).await.unwrap();
    found.map(|found| String::from_utf8(found.data.to_vec()).unwrap())
}

async fn receive(inbox: &Inbox, ids: std::ops::RangeInclusive<i64>) {
    for id in ids {
        inbox.receive(message(1, 7, id)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_told_shows_at_once_and_after_a_restart() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        receive(&inbox, 1..=3).await;
        let offered = sink.wait_for(3).await;
        let journal = inbox.journal();
        assert_eq!(read(&journal, 7, "shop").await, None);
        finish(
            &journal,
            &offered[0],
            vec![change(7, "shop", Some("1")), change(7, "other", Some("x"))],
        );
        let mut again: Retry = retry(1, 1, 0);
        again.sessions = vec![change(7, "shop", Some("2"))];
        journal.retry(offered[1].seq, again);
        assert_eq!(read(&journal, 7, "shop").await.as_deref(), Some("2"));
        assert_eq!(read(&journal, 8, "shop").await, None);
        settle(&inbox).await;
        assert_eq!(read(&journal, 7, "shop").await.as_deref(), Some("2"));
        let mut letter = dead("no");
        letter.sessions = vec![change(7, "shop", Some("3"))];
        journal.dead(offered[1].seq, letter);
        finish(&journal, &offered[2], vec![change(7, "other", None)]);
        assert_eq!(read(&journal, 7, "other").await, None);
        inbox.close().await;

        let inbox = place.start().await;
        let journal = inbox.journal();
        let found = journal.session(&lane(7), "shop").await.unwrap();
        assert_eq!(found, Some(stored("3", 1_767_300_000)));
        assert_eq!(read(&journal, 7, "other").await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_forgets_a_session_and_the_end_it_came_with_together() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        receive(&inbox, 1..=1).await;
        let offered = sink.wait_for(1).await;
        // No session is taken: neither the end nor the session gets to disk.
        place.break_table("inbox_sessions", "name", "'shop'").await;
        let journal = inbox.journal();
        finish(&journal, &offered[0], vec![change(7, "shop", Some("1"))]);
        assert!(
            inbox.receive(message(1, 7, 2)).await.is_ok(),
            "it holds up no update"
        );
        assert_eq!(read(&journal, 7, "shop").await.as_deref(), Some("1"));
        // The thread is not in the middle of a try when it is let go.
        while !inbox.is_failing() {
            tokio::task::yield_now().await;
        }
        drop((inbox, journal, sink));
        place.mend_table("inbox_sessions").await;
        let pending = place.pending().await;
        assert_eq!(ids(&pending), [1, 2], "it is handled again");
        let journal = place.start().await.journal();
        assert_eq!(read(&journal, 7, "shop").await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_no_database_takes_holds_up_its_lane_alone() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        receive(&inbox, 1..=4).await;
        let offered = sink.wait_for(4).await;
        place.break_table("inbox_sessions", "name", "'bad'").await;
        let journal = inbox.journal();
        // Told in another order than they came: the later telling counts.
        finish(
            &journal,
            &offered[1],
            vec![change(7, "bad", Some("2")), change(7, "good", Some("2"))],
        );
        finish(&journal, &offered[0], vec![change(7, "good", Some("1"))]);
        finish(&journal, &offered[2], vec![change(8, "good", Some("3"))]);
        finish(&journal, &offered[3], Vec::new());
        while inbox.depth().await.unwrap().unsettled != 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(read(&journal, 7, "good").await.as_deref(), Some("1"));
        place.mend_table("inbox_sessions").await;
        while inbox.depth().await.unwrap().unsettled > 0 {
            tokio::task::yield_now().await;
        }
        inbox.close().await;
        let journal = place.start().await.journal();
        for (chat, name, data) in [(7, "good", "1"), (7, "bad", "2"), (8, "good", "3")] {
            assert_eq!(read(&journal, chat, name).await.as_deref(), Some(data));
        }
        assert_eq!(place.pending().await.len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_whose_time_is_over_are_deleted_now_and_then() {
    on_both(async |place| {
        let (inbox, sink) = place.start_with_sink().await;
        receive(&inbox, 1..=1).await;
        let offered = sink.wait_for(1).await;
        let journal = inbox.journal();
        let now = place.clock.now();
        let mut changes: Vec<_> = (0..1_500)
            .map(|chat| change(chat, "shop", Some("x")))
            .collect();
        for (chat, change) in (0..).zip(&mut changes) {
            let expires_at = now + Duration::from_secs(if chat < 1_400 { chat } else { 90_000 });
            change.becomes = Some(StoredSession {
                expires_at,
                ..stored("x", 0)
            });
        }
        finish(&journal, &offered[0], changes);
        settle(&inbox).await;
        place.hands.advance(Duration::from_secs(10_000));
        let first = inbox.expire().await.unwrap().sessions;
        assert!((1_000..=1_001).contains(&first), "{first}");
        assert_eq!(inbox.expire().await.unwrap().sessions, 1_400 - first);
        assert_eq!(inbox.expire().await.unwrap().sessions, 0);
        assert_eq!(read(&journal, 1_499, "shop").await.as_deref(), Some("x"));
        assert_eq!(read(&journal, 3, "shop").await, None);
    })
    .await;
}

struct Quiet;

impl Perform for Quiet {
    async fn perform(&self, _: &ConnectionId, _: &Call) -> Result<(), Failure> {
        Ok(())
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Seen {
    updates: u32,
}

async fn count(mut seen: Session<Seen>) {
    seen.updates += 1;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialogue_survives_restarts_and_counts_every_update_once() {
    on_both(async |place| {
        for round in 0..3 {
            let inbox = place.start().await;
            let limits = SessionLimits {
                keep_for: Duration::from_secs(60),
                ..SessionLimits::default()
            };
            let stage = Router::new()
                .named("shop")
                .session_limits(limits)
                .fallback(count);
            let dispatcher = Dispatcher::start(
                DispatcherConfig::default(),
                vec![Arc::new(stage)],
                Arc::new(inbox.journal()),
                Arc::new(Quiet),
                place.clock.clone(),
                clock::Entropy::seeded(1),
            );
            inbox.attach(dispatcher.clone());
            for id in 0..40 {
                inbox
                    .receive(message(1, 7 + id % 2, round * 40 + id))
                    .await
                    .unwrap();
            }
            dispatcher.drain(Duration::from_secs(5)).await;
            inbox.close().await;
        }
        let (inbox, sink) = place.start_with_sink().await;
        let left = i64::try_from(inbox.depth().await.unwrap().pending).unwrap();
        sink.wait_for_at_least(usize::try_from(left).unwrap()).await;
        let journal = inbox.journal();
        let mut counted = 0;
        for chat in [7, 8] {
            if let Some(data) = read(&journal, chat, "shop").await {
                counted += i64::from(serde_json::from_str::<Seen>(&data).unwrap().updates);
            }
        }
        assert_eq!(
            counted + left,
            120,
            "each update is finished and counted, or neither"
        );
    })
    .await;
}
