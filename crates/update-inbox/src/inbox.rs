use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use clock::{Clock, Timestamp};
use ids::ConnectionId;
use store::{Connection, Database};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use update_dispatcher::{Queued, Seq};

use crate::config::InboxConfig;
use crate::dead::{self, DeadLetter, Quarantined};
use crate::error::{Error, Result};
use crate::feed::{Dispatch, Feed};
use crate::feeder;
use crate::figures::{Counters, Figures};
use crate::held;
use crate::intake::{Intake, Order};
use crate::journal::{InboxJournal, Scope, read, spread};
use crate::kept;
use crate::pending;
use crate::received::{Receipt, Received, Refused};
use crate::rows::Body;
use crate::sessions::Unsaved;
use crate::shared::Shared;
use crate::unreadable::Unreadable;
use crate::writer::Writer;

/// The durable queue of received updates. Cheap to clone; when the last clone is dropped, whatever waits is let go as if the
/// process had been killed. See [`close`](Self::close).
#[derive(Clone)]
pub struct Inbox {
    pub(crate) shared: Arc<Shared>,
    done: watch::Receiver<()>,
    life: Arc<Life>,
}

/// What the inbox holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Updates that are not finished.
    pub pending: u64,
    /// When the oldest of them came.
    pub oldest_received_at: Option<Timestamp>,
    /// Updates that wait to be stored.
    pub waiting: usize,
    /// Updates of which the dispatcher told something that is not on disk yet.
    pub unsettled: usize,
    /// Dead letters.
    pub dead: u64,
    /// Requests that could not be read.
    pub quarantined: u64,
}

impl Inbox {
    /// Starts the thread that writes. The database must have its tables ([`store::Schema::Main`]).
    ///
    /// # Errors
    /// [`Error::Store`] when the database cannot be opened or has no tables; [`Error::Thread`].
    pub async fn start(config: InboxConfig, database: Database, clock: Clock) -> Result<Self> {
        let mut connection = database.connect().await?;
        let tip = pending::tip(&mut connection).await?;
        let held = held::all(&mut connection).await?;
        let unreadable = Unreadable::read(&mut connection).await?;
        drop(connection);
        let shared = Arc::new(Shared {
            clock,
            database,
            feed: Feed::new(tip),
            intake: Intake::new(config.clone()),
            sessions: Unsaved::default(),
            config,
            parked: Mutex::default(),
            held: Mutex::new(held),
            unreadable,
            broken: CancellationToken::new(),
            failing: AtomicBool::new(false),
            batched: watch::Sender::default(),
            watched: Mutex::default(),
            counters: Counters::default(),
        });
        let (opened, opening) = oneshot::channel();
        let (doing, done) = watch::channel(());
        let (thread, handle) = (Arc::clone(&shared), Handle::current());
        let work = move || {
            let _doing = doing;
            let _gone = Gone(Arc::clone(&thread));
            let _watch = thread.watch_for_panic();
            match Writer::open(thread, handle) {
                Ok(writer) => {
                    let _ = opened.send(Ok(()));
                    writer.run();
                }
                Err(error) => drop(opened.send(Err(error))),
            }
        };
        std::thread::Builder::new()
            .name("inbox-writer".into())
            .spawn(work)
            .map_err(Error::Thread)?;
        opening.await.map_err(|_| Error::Unavailable)??;
        let life = Arc::new(Life {
            shared: Arc::clone(&shared),
            feeding: CancellationToken::new(),
        });
        Ok(Self { shared, done, life })
    }

    /// The inbox as the dispatcher knows it: what [`Dispatcher::start`](update_dispatcher::Dispatcher::start) takes.
    #[must_use]
    pub fn journal(&self) -> InboxJournal {
        InboxJournal(Arc::clone(&self.shared))
    }

    /// Hands over to this dispatcher what is pending, and from then on all that is stored, in order. To be called once, when the
    /// connections that are disconnected were parked.
    pub fn attach(&self, dispatcher: impl Dispatch) {
        let dispatcher = Arc::new(dispatcher);
        let offered = Arc::clone(&dispatcher);
        self.shared
            .feed
            .attach(Arc::new(move |updates| offered.offer_all(updates)));
        let feeding = feeder::feed(Arc::clone(&self.shared), dispatcher);
        tokio::spawn(self.life.feeding.clone().run_until_cancelled_owned(feeding));
    }

    /// Stores an update. When this answers `Ok`, it is on disk, and may be acknowledged.
    ///
    /// # Errors
    /// [`Refused`]: it must not be acknowledged.
    pub async fn receive(&self, received: Received) -> Result<Receipt, Refused> {
        let answer = self.shared.intake.receive(received)?;
        answer.await.map_err(|_| Refused::Unavailable)
    }

    /// Keeps a genuine request that could not be read as an update. When this answers `Ok`, it is on disk.
    ///
    /// # Errors
    /// [`Refused`]: it must not be acknowledged.
    pub async fn quarantine(
        &self,
        owner: ConnectionId,
        received_at: Timestamp,
        body: Bytes,
        reason: &str,
    ) -> Result<(), Refused> {
        let bytes = body.len();
        let (answer, answered) = oneshot::channel();
        self.shared.intake.quarantine(Order::Quarantine {
            owner,
            received_at,
            reason: reason.to_owned(),
            body: Body(body),
            answer,
        })?;
        answered.await.map_err(|_| Refused::Unavailable)?;
        kept::bound(&self.shared, bytes).await;
        Ok(())
    }

    /// The requests that could not be read, after a number, in order, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn quarantine_list(&self, after: Seq, limit: usize) -> Result<Vec<Quarantined>> {
        self.quarantine_list_of(None, after, limit).await
    }

    /// What a connection has pending after a number, in order, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Unavailable`].
    pub async fn pending_list(
        &self,
        owner: &ConnectionId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Queued>> {
        spread(&self.shared, true).await?;
        read(&self.shared, Scope::Connection(owner), after, limit).await
    }

    /// The dead letters of a connection, or of all, after a number, in order, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn dead_list(
        &self,
        owner: Option<&ConnectionId>,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<DeadLetter>> {
        let mut connection = self.shared.database.connect().await?;
        Ok(dead::list(&mut connection, owner, after, page(limit)).await?)
    }

    /// Whether the last commit failed, so that nothing can be written at the moment. What is done meanwhile cannot be noted, and
    /// would be done again after a crash: better to wait.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.shared.failing.load(Ordering::Relaxed)
    }

    /// Puts a dead letter back, as the last of its lane, and answers its new number; nothing when there is none with this one.
    ///
    /// It goes on where it had come to, with all its attempts and its time before it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn dead_replay(&self, seq: Seq) -> Result<Option<Seq>> {
        self.order(|answer| Order::Replay(seq, answer)).await
    }

    /// Counts a connection as disconnected: its updates stay and expire, unless an operator holds it ([`Self::hold`]). To be called
    /// after the dispatcher's own pause, so that what that let go of is found again.
    pub fn park(&self, owner: &ConnectionId) {
        self.parked().insert(owner.clone());
        // The dispatcher has let go of what waits, and asks for it when it goes on.
        let (answer, _) = oneshot::channel();
        let (all, patient) = (true, true);
        self.shared.intake.order(Order::Spread {
            all,
            patient,
            answer,
        });
    }

    /// Counts a connection as connected again, and answers the last update that was handed over: what the dispatcher's own
    /// resume, to be called next, asks for.
    pub fn unpark(&self, owner: &ConnectionId) -> Seq {
        self.parked().remove(owner);
        self.shared.feed.passed()
    }

    /// Writes something, to see whether an update could be stored now.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ready(&self) -> Result<()> {
        self.order(Order::Probe).await
    }

    /// What it holds. It counts rows: ask now and then, not for each request.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn depth(&self) -> Result<Depth> {
        let mut connection = self.shared.database.connect().await?;
        let (pending, oldest_received_at) = self.pending(&mut connection).await?;
        let (dead, quarantined) = dead::counts(&mut connection).await?;
        let waiting = self.shared.intake.waiting();
        let unsettled = self.shared.intake.unsettled().len();
        Ok(Depth {
            pending,
            oldest_received_at,
            waiting,
            unsettled,
            dead,
            quarantined,
        })
    }

    /// How many updates are pending, in rows and in batches, and when the oldest came. Around a commit that moves some from these to
    /// those they are counted again.
    async fn pending(&self, connection: &mut Connection) -> Result<(u64, Option<Timestamp>)> {
        let batched = &self.shared.batched;
        let mut looks = 0;
        loop {
            // A commit that is under way is not waited for: it may last as long as the disk does.
            let before = batched.borrow().steps;
            let (rows, oldest) = pending::depth(connection).await?;
            let after = *batched.borrow();
            looks += 1;
            if after.steps == before || looks == MOST_LOOKS {
                let oldest = oldest.into_iter().chain(after.oldest).min();
                return Ok((rows + after.undone as u64, oldest));
            }
        }
    }

    /// What it has written so far, and what waits in memory.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures {
            waiting: self.shared.intake.waiting(),
            unsettled: self.shared.intake.unsettled().len(),
            ..self.shared.counters.figures()
        }
    }

    /// Waits until the inbox is broken: its thread or its feeder has panicked, it refuses everything, and only a start of the process
    /// helps. Nothing that was acknowledged is lost. It never ends when the inbox is closed or was merely unable to write.
    pub async fn broken(&self) {
        self.shared.broken.cancelled().await;
    }

    /// Takes nothing any more, writes what waits, moves SQLite's log into its file, and answers when the thread has ended.
    ///
    /// Drain the dispatcher before, so that what it finishes is written too, and end the listener: answers may still be on their way.
    pub async fn close(&self) {
        self.life.feeding.cancel();
        self.shared.intake.close();
        let mut done = self.done.clone();
        while done.changed().await.is_ok() {}
        self.shared.feed.detach();
    }

    pub(crate) async fn order<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<T>) -> Order,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.shared.intake.order(order(answer));
        answered.await.map_err(|_| Error::Unavailable)
    }

    pub(crate) fn parked(&self) -> std::sync::MutexGuard<'_, BTreeSet<ConnectionId>> {
        self.shared
            .parked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inbox")
    }
}

/// Ends everything when the last [`Inbox`] is dropped.
struct Life {
    shared: Arc<Shared>,
    feeding: CancellationToken,
}

impl Drop for Life {
    fn drop(&mut self) {
        self.feeding.cancel();
        self.shared.intake.abandon();
        self.shared.feed.detach();
    }
}

/// When the thread ends, however it ends, nobody waits for it in vain.
struct Gone(Arc<Shared>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.intake.abandon();
    }
}

pub(crate) fn page(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Where one commit follows the other, this often.
const MOST_LOOKS: u32 = 8;
