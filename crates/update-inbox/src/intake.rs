//! What waits for the next commit, between those who ask and the thread that writes.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clock::Timestamp;
use ids::ConnectionId;
use tokio::sync::oneshot;
use update_dispatcher::Seq;

use crate::config::InboxConfig;
use crate::ends::{End, Ends, Overlay};
use crate::overdue::{Overdue, Share};
use crate::received::{Receipt, Received, Refused};
use crate::rows::Body;
use crate::sessions::Told;

/// An update that waits to be stored, and who waits for that. A dropped answer means that it must not be
/// acknowledged: it was not stored, or the runtime ended before it was told.
pub(crate) struct Receiving {
    pub(crate) received: Received,
    pub(crate) answer: oneshot::Sender<Receipt>,
}

/// Something else that is to be written.
pub(crate) enum Order {
    Expire(Overdue, oneshot::Sender<Share>),
    Probe(oneshot::Sender<()>),
    /// Gives a row of its own to every update that nobody has in memory, so that it can be read; or to all that are in batches.
    Spread {
        all: bool,
        /// Tried until it is done.
        patient: bool,
        answer: oneshot::Sender<()>,
    },
    Quarantine {
        owner: ConnectionId,
        received_at: Timestamp,
        reason: String,
        body: Body,
        answer: oneshot::Sender<()>,
    },
    Replay(Seq, oneshot::Sender<Option<Seq>>),
}

/// What one commit writes.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) receiving: Vec<Receiving>,
    pub(crate) orders: Vec<Order>,
    pub(crate) ends: Arc<Ends>,
}

/// What there is to do for the writer.
pub(crate) enum Next {
    Write(Batch),
    /// Nothing for a while: time to tidy up.
    Idle,
    /// Nothing any more.
    Stop,
}

/// How the writer waits.
pub(crate) struct Waiting {
    /// For how long at most before it is [`Next::Idle`].
    pub(crate) idle_after: Option<Duration>,
    /// Whether ends may ride along; not when they have just failed.
    pub(crate) ends: bool,
}

pub(crate) struct Intake {
    queue: Mutex<Queue>,
    wake: Condvar,
    config: InboxConfig,
}

#[derive(Default)]
struct Queue {
    receiving: VecDeque<Receiving>,
    orders: VecDeque<Order>,
    /// How many of these have a body.
    bodies: usize,
    /// The bodies of all that waits.
    waiting_bytes: usize,
    ends: Ends,
    /// Those that a commit under way is writing.
    settling: Arc<Ends>,
    /// With how many receives the writer wants to be woken; 0 while it is at work.
    wake_at: usize,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// Takes nothing any more, and writes what waits.
    Closing,
    /// As if the process had been killed.
    Gone,
}

impl Order {
    const fn has_body(&self) -> bool {
        matches!(self, Self::Quarantine { .. })
    }

    /// How much memory is taken by what it brings.
    fn body_bytes(&self) -> usize {
        match self {
            Self::Quarantine { body, .. } => body.0.len(),
            _ => 0,
        }
    }
}

impl Queue {
    /// Whether one more may wait, with a body of this size. The first one always may, however big.
    fn has_room(&self, bytes: usize, config: &InboxConfig) -> bool {
        let waiting = self.receiving.len() + self.bodies;
        waiting < config.waiting
            && (waiting == 0 || self.waiting_bytes + bytes <= config.waiting_bytes)
    }
}

impl Intake {
    pub(crate) fn new(config: InboxConfig) -> Self {
        Self {
            queue: Mutex::default(),
            wake: Condvar::new(),
            config,
        }
    }

    pub(crate) fn receive(
        &self,
        received: Received,
    ) -> Result<oneshot::Receiver<Receipt>, Refused> {
        let mut queue = self.lock();
        if queue.state != State::Open {
            return Err(Refused::Unavailable);
        }
        if !queue.has_room(received.body.len(), &self.config) {
            return Err(Refused::full(&received.kind));
        }
        let (answer, answered) = oneshot::channel();
        queue.waiting_bytes += received.body.len();
        queue.receiving.push_back(Receiving { received, answer });
        let wake = queue.wake_at != 0 && queue.receiving.len() >= queue.wake_at;
        drop(queue);
        if wake {
            self.wake.notify_one();
        }
        Ok(answered)
    }

    /// Takes an unreadable request, where there is as much room as for an update; when the inbox is closed its answer is dropped.
    pub(crate) fn quarantine(&self, order: Order) -> Result<(), Refused> {
        let queue = self.lock();
        if queue.state == State::Open && !queue.has_room(order.body_bytes(), &self.config) {
            return Err(Refused::full_of_unreadable());
        }
        self.push(queue, order);
        Ok(())
    }

    /// Takes an order; when the inbox is closed its answer is dropped.
    pub(crate) fn order(&self, order: Order) {
        self.push(self.lock(), order);
    }

    fn push(&self, mut queue: MutexGuard<'_, Queue>, order: Order) {
        if queue.state == State::Open {
            queue.bodies += usize::from(order.has_body());
            queue.waiting_bytes += order.body_bytes();
            queue.orders.push_back(order);
            drop(queue);
            self.wake.notify_one();
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.lock().state == State::Open
    }

    /// Takes what the dispatcher tells. Never blocks, and never refuses before the inbox is gone.
    pub(crate) fn end(&self, seq: Seq, end: Option<End>, sessions: Vec<Told>) {
        let mut queue = self.lock();
        if queue.state == State::Gone {
            return;
        }
        match end {
            None => queue.ends.finished.push(seq),
            Some(end) => drop(queue.ends.others.insert(seq, end)),
        }
        queue.ends.sessions.extend(sessions);
        // The first one starts a short wait for others. Who lingers for more updates is not disturbed.
        let many = queue.ends.len();
        let wake = queue.wake_at == 1 && (many == 1 || many == self.config.commit_rows);
        drop(queue);
        if wake {
            self.wake.notify_one();
        }
    }

    /// What was told and is not yet on disk.
    pub(crate) fn unsettled(&self) -> Overlay {
        let queue = self.lock();
        Overlay::of([&queue.settling, &queue.ends])
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lock().receiving.len()
    }

    /// Waits for something to write, and then up to `linger(…)` for the expected number of updates.
    pub(crate) fn next(
        &self,
        waiting: &Waiting,
        expected: usize,
        linger: impl FnOnce() -> Duration,
    ) -> Next {
        let mut queue = self.lock();
        loop {
            if queue.state == State::Gone {
                return Next::Stop;
            }
            if !queue.receiving.is_empty() || !queue.orders.is_empty() {
                break;
            }
            let ends = waiting.ends && !queue.ends.is_empty();
            if queue.state == State::Closing {
                if ends {
                    break;
                }
                return Next::Stop;
            }
            if ends && queue.ends.len() >= self.config.commit_rows {
                break;
            }
            let limit = if ends {
                Some(self.config.settle_within)
            } else {
                waiting.idle_after
            };
            let timed_out;
            (queue, timed_out) = self.wait(queue, 1, limit);
            match timed_out {
                true if ends => break,
                true => return Next::Idle,
                false => {}
            }
        }
        if queue.state == State::Open {
            // Whoever is ready to bring more goes first: on a busy core this is the difference between one update a commit and all
            // that are there; on an idle one it costs a microsecond.
            drop(queue);
            std::thread::yield_now();
            queue = self.lock();
        }
        if queue.receiving.len() < expected && queue.state == State::Open {
            let linger = linger();
            if !linger.is_zero() && !queue.receiving.is_empty() {
                (queue, _) = self.wait(queue, expected, Some(linger));
            }
        }
        Next::Write(self.take(&mut queue, waiting.ends))
    }

    /// Lets so much time pass, unless the inbox is closed meanwhile.
    pub(crate) fn pause(&self, span: Duration) {
        let queue = self.lock();
        let _woken = self
            .wake
            .wait_timeout_while(queue, span, |queue| queue.state == State::Open);
    }

    /// Says that a commit succeeded.
    pub(crate) fn settled(&self) {
        self.lock().settling = Arc::default();
    }

    /// Takes ends back that were not written. What was told since counts.
    pub(crate) fn unsettle(&self, ends: Arc<Ends>) {
        let mut queue = self.lock();
        queue.settling = Arc::default();
        if queue.state != State::Gone {
            queue.ends.precede(Arc::unwrap_or_clone(ends));
        }
    }

    /// What was told and is still here when the inbox has been closed.
    pub(crate) fn take_ends(&self) -> Ends {
        std::mem::take(&mut self.lock().ends)
    }

    /// Takes nothing any more; what waits is still written.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        if queue.state == State::Open {
            queue.state = State::Closing;
        }
        drop(queue);
        self.wake.notify_one();
    }

    /// Lets everything go that waits, unanswered.
    pub(crate) fn abandon(&self) {
        let mut queue = self.lock();
        *queue = Queue {
            state: State::Gone,
            ..Queue::default()
        };
        drop(queue);
        self.wake.notify_one();
    }

    fn take(&self, queue: &mut Queue, ends: bool) -> Batch {
        let mut batch = Batch::default();
        let mut bytes = 0;
        while let Some(next) = queue.orders.front() {
            let (body, size) = (usize::from(next.has_body()), next.body_bytes());
            bytes += size;
            let full = batch.orders.len() >= MOST_ORDERS || bytes > self.config.commit_bytes;
            if full && !batch.orders.is_empty() {
                break;
            }
            queue.bodies -= body;
            queue.waiting_bytes -= size;
            batch.orders.extend(queue.orders.pop_front());
        }
        bytes = 0;
        while let Some(next) = queue.receiving.front() {
            bytes += next.received.body.len();
            let full = batch.receiving.len() >= self.config.commit_rows.clamp(1, MOST_ROWS)
                || bytes > self.config.commit_bytes;
            if full && !batch.receiving.is_empty() {
                break;
            }
            queue.waiting_bytes -= next.received.body.len();
            batch.receiving.extend(queue.receiving.pop_front());
        }
        if ends {
            batch.ends = Arc::new(queue.ends.take(MOST_OTHERS));
            queue.settling = Arc::clone(&batch.ends);
        }
        batch
    }

    fn wait<'q>(
        &self,
        mut queue: MutexGuard<'q, Queue>,
        wake_at: usize,
        limit: Option<Duration>,
    ) -> (MutexGuard<'q, Queue>, bool) {
        queue.wake_at = wake_at;
        let (mut queue, timed_out) = match limit {
            None => (
                self.wake
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner),
                false,
            ),
            Some(limit) => {
                let (queue, waited) = self
                    .wake
                    .wait_timeout(queue, limit)
                    .unwrap_or_else(PoisonError::into_inner);
                (queue, waited.timed_out())
            }
        };
        queue.wake_at = 0;
        (queue, timed_out)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Retries and dead letters in one commit, about: those of one bot whose token was revoked must not hold up all.
const MOST_OTHERS: usize = 512;

/// Orders in one commit: each is a few statements.
const MOST_ORDERS: usize = 512;

/// 14 columns times this is below what SQLite can bind.
const MOST_ROWS: usize = 2_000;
