//! An inbox, updates to put into it, and a dispatcher that only notes what it is offered.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use clock::{Clock, ManualClock, Timestamp};
use ids::ConnectionId;
use store::testing::on_every_database;
use store::{Database, Schema};
use telegram_bot_api::{ChatId, UpdateId, UpdateKind};
use tokio::sync::watch;
use update_dispatcher::{
    Attempt, Dead, DeadCause, Journal as _, Lane, LaneKey, Offer, Offered, Outcome, Progress,
    Queued, Retry, Seq, UpdateRef,
};
use update_inbox::{Dispatch, Inbox, InboxConfig, Receipt, Received, Refused};

/// Runs a test on a fresh database of each kind.
pub(crate) async fn on_both(test: impl AsyncFn(Place)) {
    on_every_database(Schema::Main, async |database| {
        let (clock, hands) = Clock::manual();
        test(Place {
            database,
            clock,
            hands,
            config: InboxConfig::default(),
        })
        .await;
    })
    .await;
}

/// Where inboxes are started, one after the other.
pub(crate) struct Place {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) hands: ManualClock,
    pub(crate) config: InboxConfig,
}

impl Place {
    pub(crate) async fn start(&self) -> Inbox {
        Inbox::start(
            self.config.clone(),
            self.database.clone(),
            self.clock.clone(),
        )
        .await
        .unwrap()
    }

    pub(crate) async fn start_with_sink(&self) -> (Inbox, Sink) {
        let (inbox, sink) = (self.start().await, Sink::with_room_for(usize::MAX));
        inbox.attach(sink.clone());
        (inbox, sink)
    }

    /// What the database holds, seen by an inbox that is started for that.
    pub(crate) async fn pending(&self) -> Vec<Queued> {
        let inbox = self.start().await;
        let count = inbox.depth().await.unwrap().pending as usize;
        let sink = Sink::with_room_for(usize::MAX);
        inbox.attach(sink.clone());
        let pending = sink.wait_for(count).await;
        inbox.close().await;
        pending
    }

    pub(crate) async fn sql(&self, statement: &str) {
        let mut connection = self.database.connect().await.unwrap();
        if self.is_sqlite() {
            // Else a connection of the pool may not know what another has made.
            let look = diesel::sql_query("SELECT count(*) FROM sqlite_master");
            connection.run(look).await.unwrap();
        }
        connection.run(diesel::sql_query(statement)).await.unwrap();
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.database.url().sqlite_file().is_some()
    }

    /// Has the database refuse new updates.
    pub(crate) async fn refuse_updates(&self) {
        // A number of no update: on SQLite it is compared with itself.
        let never = if self.is_sqlite() {
            "NEW.first_seq"
        } else {
            "first_seq"
        };
        self.break_table("inbox_recent", "first_seq", never).await;
    }

    pub(crate) async fn take_updates(&self) {
        self.mend_table("inbox_recent").await;
    }

    /// Has the database refuse rows of a table for which the condition holds.
    pub(crate) async fn break_table(&self, table: &str, column: &str, value: &str) {
        if self.is_sqlite() {
            self.sql(&format!(
                "CREATE TRIGGER broken_{table} BEFORE INSERT ON {table} WHEN NEW.{column} = {value} \
                 BEGIN SELECT RAISE(ABORT, 'broken by the test'); END"
            ))
            .await;
        } else {
            let check = format!(
                "ALTER TABLE {table} ADD CONSTRAINT broken_{table} CHECK ({column} <> {value}) NOT VALID"
            );
            self.sql(&check).await;
        }
    }

    pub(crate) async fn mend_table(&self, table: &str) {
        if self.is_sqlite() {
            self.sql(&format!("DROP TRIGGER broken_{table}")).await;
        } else {
            self.sql(&format!(
                "ALTER TABLE {table} DROP CONSTRAINT broken_{table}"
            ))
            .await;
        }
    }
}

pub(crate) fn connection(number: u8) -> ConnectionId {
    ConnectionId::from_parts(1_764_000_000_000, [number; 10])
}

/// A message in a chat of a connection.
pub(crate) fn message(owner: u8, chat: i64, id: i64) -> Received {
    let body = format!(
        r#"{{"update_id":{id},"message":{{"message_id":1,"date":1,"chat":{{"id":{chat},"type":"private"}}}}}}"#
    );
    Received {
        lane: LaneKey::new(connection(owner), Lane::Chat(ChatId(chat))),
        update_id: UpdateId(id),
        kind: UpdateKind::Message,
        received_at: Timestamp::from_unix_seconds(1_767_225_600),
        body: Bytes::from(body),
    }
}

pub(crate) async fn receive_all(
    inbox: &Inbox,
    all: impl IntoIterator<Item = Received>,
) -> Vec<Result<Receipt, Refused>> {
    let tasks: Vec<_> = all
        .into_iter()
        .map(|received| {
            let inbox = inbox.clone();
            tokio::spawn(async move { inbox.receive(received).await })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

pub(crate) fn finish(inbox: &Inbox, seq: Seq) {
    inbox.journal().finished(seq, told_outcome());
}

pub(crate) fn told_outcome() -> Outcome {
    Outcome {
        update: some_update(),
        took: Duration::from_millis(1),
        handled_at: Timestamp::from_unix_seconds(1_767_225_601),
        calls: 0,
        attempts: 0,
        refused: Vec::new(),
        sessions: Vec::new(),
    }
}

pub(crate) fn retry(attempts: u32, stage: u32, effect: u32) -> Retry {
    let progress = Progress { stage, effect };
    Retry {
        progress,
        attempts,
        not_before: Timestamp::from_unix_seconds(1_767_225_700 + i64::from(attempts)),
        reason: "the shop is closed".into(),
        history: vec![attempt(attempts, progress)],
        sessions: Vec::new(),
    }
}

pub(crate) fn dead(reason: &str) -> Dead {
    let progress = Progress {
        stage: 1,
        effect: 2,
    };
    Dead {
        update: some_update(),
        took: Duration::from_millis(1),
        cause: DeadCause::Exhausted,
        reason: reason.into(),
        progress,
        attempts: 9,
        history: vec![attempt(9, progress)],
        dead_at: Timestamp::from_unix_seconds(1_767_225_800),
        sessions: Vec::new(),
    }
}

/// The inbox knows updates by their own numbers and takes no notice of this.
fn some_update() -> UpdateRef {
    UpdateRef {
        connection: ConnectionId::from_parts(1, [1; 10]),
        update_id: UpdateId(1),
    }
}

fn attempt(number: u32, progress: Progress) -> Attempt {
    Attempt {
        number,
        failed_at_unix_ms: 1_767_225_650_000,
        progress,
        reason: "closed".into(),
    }
}

/// Has everything that was told so far written.
pub(crate) async fn settle(inbox: &Inbox) {
    inbox.ready().await.unwrap();
    // After a failed commit it may take some more.
    while inbox.depth().await.unwrap().unsettled > 0 {
        inbox.ready().await.unwrap();
    }
}

pub(crate) fn ids(queued: &[Queued]) -> Vec<i64> {
    queued.iter().map(|one| one.update_id.value()).collect()
}

/// A dispatcher that notes what it is offered, as far as it has room.
#[derive(Clone)]
pub(crate) struct Sink(Arc<Inside>);

struct Inside {
    room: watch::Sender<usize>,
    offered: watch::Sender<Vec<Queued>>,
    answer: Mutex<Offer>,
}

impl Sink {
    pub(crate) fn with_room_for(room: usize) -> Self {
        Self(Arc::new(Inside {
            room: watch::Sender::new(room),
            offered: watch::Sender::default(),
            answer: Mutex::new(Offer::Loaded),
        }))
    }

    pub(crate) fn set_room_for(&self, room: usize) {
        self.0.room.send_replace(room);
    }

    pub(crate) fn answer(&self, offer: Offer) {
        *self.0.answer.lock().unwrap() = offer;
    }

    pub(crate) fn offered(&self) -> Vec<Queued> {
        self.0.offered.borrow().clone()
    }

    /// Waits until so many were offered, and no more.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Queued> {
        let now = self.wait_for_at_least(count).await;
        assert_eq!(now.len(), count, "offered: {:?}", ids(&now));
        now
    }

    /// Waits until so many were offered.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test that hangs should say where"
    )]
    pub(crate) async fn wait_for_at_least(&self, count: usize) -> Vec<Queued> {
        let mut offered = self.0.offered.subscribe();
        let enough = offered.wait_for(|offered| offered.len() >= count);
        let enough = tokio::time::timeout(Duration::from_secs(10), enough)
            .await
            .is_ok();
        let now = self.offered();
        assert!(enough, "{count} wanted, offered: {:?}", ids(&now));
        now
    }
}

impl Dispatch for Sink {
    fn offer_all(&self, updates: Vec<Queued>) -> Offered {
        let room = *self.0.room.borrow();
        let answer = *self.0.answer.lock().unwrap();
        let mut result = Offered::default();
        self.0.offered.send_modify(|offered| {
            for queued in updates {
                if result.stopped.is_some() || answer == Offer::Closed || offered.len() >= room {
                    let closed = answer == Offer::Closed;
                    if closed && result.stopped.is_none() {
                        offered.push(queued.clone());
                    }
                    result.stopped = Some(if closed { Offer::Closed } else { Offer::Full });
                    result.rest.push(queued);
                    continue;
                }
                match answer {
                    Offer::Loaded => result.loaded += 1,
                    left => result.left.push((queued.seq, left)),
                }
                offered.push(queued);
            }
        });
        result
    }

    async fn room(&self) {
        let taken = self.0.offered.borrow().len();
        let mut room = self.0.room.subscribe();
        room.wait_for(|room| *room > taken).await.unwrap();
    }
}
