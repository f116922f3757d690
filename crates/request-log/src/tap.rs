//! Shows records to observers, from a thread of its own: neither whoever records nor whoever writes waits for them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::news::News;
use crate::observers::{Observers, Seen};
use crate::waiting::{WaitingRequest, WaitingUpdate};

/// How long records are gathered before they are shown, so that a busy server does not wake the thread for each.
const GATHER: Duration = Duration::from_millis(100);

/// So many are shown at once: a burst must not wait, nor fill what may wait.
const ENOUGH: usize = 1_024;

/// What waits to be shown.
pub(crate) struct Tap {
    most: usize,
    /// Where only news is shown.
    news: Option<News>,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<Sighting>,
    flushes: Vec<oneshot::Sender<()>>,
    closed: bool,
    /// The thread sleeps until there is something to show.
    sleeping: bool,
    unseen: u64,
}

/// A record as it waits.
enum Sighting {
    Request(WaitingRequest),
    Update(WaitingUpdate),
}

impl Tap {
    /// `most`: how many records may wait to be shown.
    pub(crate) fn new(most: usize, only_news: bool) -> Self {
        Self {
            most,
            news: only_news.then(News::new),
            state: Mutex::default(),
            wake: Condvar::new(),
        }
    }

    /// Starts the thread that shows; it ends after [`close`](Self::close).
    pub(crate) fn start(self: &Arc<Self>, observers: Observers) -> std::io::Result<JoinHandle<()>> {
        let tap = Arc::clone(self);
        std::thread::Builder::new()
            .name("request-log-tap".into())
            .spawn(move || tap.run(&observers))
    }

    pub(crate) fn see_request(&self, record: &WaitingRequest) {
        if self
            .news
            .as_ref()
            .is_none_or(|news| news.is_request(record))
        {
            self.see(Sighting::Request(record.clone()));
        }
    }

    pub(crate) fn see_update(&self, record: &WaitingUpdate) {
        if self.news.as_ref().is_none_or(|news| news.is_update(record)) {
            self.see(Sighting::Update(record.clone()));
        }
    }

    fn see(&self, sighting: Sighting) {
        let mut state = self.state();
        if state.closed || state.waiting.len() >= self.most {
            state.unseen += 1;
            return;
        }
        state.waiting.push(sighting);
        let is_enough = state.waiting.len() == ENOUGH;
        self.wake_if(is_enough, state);
    }

    /// Told when everything that was seen before has been shown.
    pub(crate) fn flushed(&self) -> oneshot::Receiver<()> {
        let (done, receiver) = oneshot::channel();
        let mut state = self.state();
        if !state.closed {
            state.flushes.push(done);
        }
        self.wake_if(true, state);
        receiver
    }

    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        self.wake_if(true, state);
    }

    /// Records that nobody was shown, because too many waited or the log was closed.
    pub(crate) fn unseen(&self) -> u64 {
        self.state().unseen
    }

    fn run(&self, observers: &Observers) {
        let mut panics = 0;
        let (mut waiting, mut flushes) = (Vec::new(), Vec::new());
        while self.take(&mut waiting, &mut flushes) {
            for sighting in waiting.drain(..) {
                panics = show(observers, sighting, panics);
            }
            waiting.shrink_to(ENOUGH);
            for flush in flushes.drain(..) {
                let _nobody_waits: Result<(), ()> = flush.send(());
            }
        }
    }

    /// Blocks until there is something to show and it has waited for company; `false` when there never will be.
    fn take(&self, waiting: &mut Vec<Sighting>, flushes: &mut Vec<oneshot::Sender<()>>) -> bool {
        let mut state = self
            .wake
            .wait_while(self.state(), |state| {
                state.sleeping = state.is_idle() && !state.closed;
                state.sleeping
            })
            .unwrap_or_else(PoisonError::into_inner);
        // By the machine's time on purpose, as the writer does.
        if !state.presses() {
            (state, _) = self
                .wake
                .wait_timeout_while(state, GATHER, |state| !state.presses())
                .unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut state.waiting, waiting);
        std::mem::swap(&mut state.flushes, flushes);
        !waiting.is_empty() || !flushes.is_empty() || !state.closed
    }

    fn wake_if(&self, yes: bool, mut state: MutexGuard<'_, State>) {
        if yes || state.sleeping {
            state.sleeping = false;
            drop(state);
            self.wake.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.flushes.is_empty()
    }

    /// Whether what waits should be shown now.
    fn presses(&self) -> bool {
        self.closed || !self.flushes.is_empty() || self.waiting.len() >= ENOUGH
    }
}

/// Shows one record to everybody, and answers how often somebody panicked over it or one before.
fn show(observers: &Observers, sighting: Sighting, mut panics: u64) -> u64 {
    let (request, update);
    let seen = match sighting {
        Sighting::Request(waiting) => {
            request = waiting.into_record();
            Seen::Request(&request)
        }
        Sighting::Update(waiting) => {
            update = waiting.into_record();
            Seen::Update(&update)
        }
    };
    for observer in observers.iter() {
        // What an observer was changing is its own, and it is shown the next record as it is.
        if catch_unwind(AssertUnwindSafe(|| observer(seen))).is_err() {
            panics += 1;
            if panics.is_power_of_two() {
                tracing::error!(panics, "an observer of the request log panicked");
            }
        }
    }
    panics
}
