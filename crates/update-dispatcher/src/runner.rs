//! Whoever runs what was started. A runner begins with one update after the other; one whose handler has to wait for
//! something becomes a task of its own, and the runner goes on with the next.
//!
//! While there is more than one to begin with, another runner stands in the runtime's queue, where any idle worker finds it. So
//! all workers are used, and a handler that blocks its thread delays no other update.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::{FutureExt, poll};
use tokio_util::sync::ReusableBoxFuture;

use crate::ending::{Ended, Moment};
use crate::item::Item;
use crate::shared::Shared;

/// After how many updates a runner lets the runtime's other tasks go on.
const UPDATES_IN_TURN: usize = 16;
/// After which time it does, in any case.
const TIME_IN_TURN: Duration = Duration::from_micros(200);

type Handled = ReusableBoxFuture<'static, Ended>;

enum Next {
    Begin(Box<Item>),
    /// Let others go on, then look again; if so told, with another runner at work meanwhile.
    StandBy {
        instead: bool,
    },
    End,
}

/// How long a runner has been at it.
struct Turn {
    since: Duration,
    begun: usize,
}

impl Shared {
    /// Sends for the runner that was promised by `runner_comes`.
    pub(crate) fn send_runner(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            shared.lock().runner_comes = false;
            shared.run(None).await;
        });
    }

    /// Sends one more beside the one that comes: it runs next on this worker.
    fn send_another(self: &Arc<Self>) {
        self.runtime.spawn(Arc::clone(self).run(None));
    }

    /// Lets an attempt that waits for something go on by itself. Who ends it is a runner from then on.
    fn let_go_on(self: &Arc<Self>, handled: Handled) {
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            let ended = handled.await;
            shared.run(Some(ended)).await;
        });
    }

    /// Begins with one update after the other, until there is none or somebody else goes on.
    async fn run(self: Arc<Self>, mut ended: Option<Ended>) {
        let mut at = ended
            .as_ref()
            .map_or_else(|| self.moment(), |ended| ended.at);
        let mut turn = Turn::since(at);
        let mut place: Option<Handled> = None;
        loop {
            match self.next(ended.take(), at, &mut turn) {
                Next::Begin(item) => {
                    let handling = Arc::clone(&self).handle(item, at.elapsed);
                    let mut handled = in_place(place.take(), handling);
                    match poll!(&mut handled) {
                        Poll::Ready(end) => {
                            at = end.at;
                            ended = Some(end);
                            place = Some(handled);
                        }
                        Poll::Pending => {
                            self.let_go_on(handled);
                            at = self.moment();
                        }
                    }
                }
                Next::StandBy { instead } => {
                    if instead {
                        self.send_another();
                    }
                    step_back().await;
                    self.lock().runner_comes = false;
                    at = self.moment();
                    turn = Turn::since(at);
                }
                Next::End => return,
            }
        }
    }

    fn next(self: &Arc<Self>, ended: Option<Ended>, at: Moment, turn: &mut Turn) -> Next {
        let mut state = self.lock();
        state.notice(at.now, at.elapsed);
        if let Some(Ended { lane, again, .. }) = ended {
            state.schedule.ended(lane, again, at.now);
        }
        let follows = state.follows(at.now);
        let over = turn.is_over(at);
        let next = match (state.started.len(), state.runner_comes) {
            (0, _) => Next::End,
            (_, true) if over => Next::End,
            (1, false) if !over => state.started.pop().map_or(Next::End, Next::Begin),
            (_, true) => state.started.pop().map_or(Next::End, Next::Begin),
            (_, false) => {
                state.runner_comes = true;
                Next::StandBy { instead: !over }
            }
        };
        drop(state);
        self.follow(follows);
        turn.begun += 1;
        next
    }

    /// One attempt, from what was started to what the schedule is to know of its end. Its first poll does not register for
    /// an interruption: whoever polls it must poll it again when it is pending, whether it was woken or not.
    async fn handle(self: Arc<Self>, mut item: Box<Item>, began: Duration) -> Ended {
        let (lane, before) = (item.lane, item.queued.progress);
        let result = if self.interrupt.is_cancelled() {
            None
        } else {
            let attempt = AssertUnwindSafe(self.handling.attempt(&mut item)).catch_unwind();
            let mut attempt = pin!(attempt);
            match poll!(attempt.as_mut()) {
                Poll::Ready(result) => Some(result),
                Poll::Pending => {
                    polled_again().await;
                    self.interrupt.run_until_cancelled(attempt).await
                }
            }
        };
        let at = self.moment();
        item.took += at.elapsed.saturating_sub(began);
        let again = match result {
            Some(Ok(Ok(()))) => self.finished(item, at),
            Some(Ok(Err(fault))) => self.failed(item, fault, at.now),
            Some(Err(_panic)) => {
                let fault = self.handling.panicked(&item);
                self.failed(item, fault, at.now)
            }
            None => self.interrupted(item, before, at.now),
        };
        Ended { lane, again, at }
    }
}

impl Turn {
    const fn since(at: Moment) -> Self {
        Self {
            since: at.elapsed,
            begun: 0,
        }
    }

    fn is_over(&self, at: Moment) -> bool {
        self.begun >= UPDATES_IN_TURN || at.elapsed.saturating_sub(self.since) >= TIME_IN_TURN
    }
}

/// A place in memory is used again for the next update: most handlers are through at once.
fn in_place(
    place: Option<Handled>,
    handling: impl Future<Output = Ended> + Send + 'static,
) -> Handled {
    match place {
        Some(mut place) => {
            place.set(handling);
            place
        }
        None => ReusableBoxFuture::new(handling),
    }
}

/// Goes on at the next poll, which it does not ask for.
async fn polled_again() {
    let mut polled = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Goes on when all that is in the runtime's queue now had its turn; meanwhile, any worker may take it.
async fn step_back() {
    let mut polled = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        // Not the runtime's own yield: that one is not in the queue until this worker has nothing else to do.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
